package oauth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// addUserInfo adds the e-mail address and the name to the claims of an ID token that has no
// address: with the code flow a provider may give them at its UserInfo endpoint alone (OpenID
// Connect Core 1.0 section 5.4).
func (u *Upstream) addUserInfo(ctx context.Context, claims map[string]any, accessToken string) error {
	_, there := claims["email"]
	p, err := u.provider.get(ctx, nil)
	if err != nil {
		return u.down(err)
	}
	if there || p.UserInfo == "" || accessToken == "" || !slices.Contains(u.config.Scopes, "email") {
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.UserInfo, nil)
	if err != nil {
		return u.down(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Authorization", "Bearer "+accessToken)
	status, body, err := u.send(r)
	if err != nil || status >= http.StatusInternalServerError {
		return u.down(cmp.Or(err, fmt.Errorf("the UserInfo endpoint answers %d", status)))
	}
	if status != http.StatusOK {
		return u.refuse(fmt.Errorf("the UserInfo endpoint answers %d", status))
	}
	var said map[string]any
	if err := json.Unmarshal(body, &said); err != nil {
		return u.refuse(err)
	}
	if said["sub"] == nil || said["sub"] != claims["sub"] { // section 5.3.2
		return u.refuse(errors.New("the UserInfo endpoint tells of another user"))
	}
	claims["email"], claims["email_verified"] = said["email"], said["email_verified"]
	if _, named := claims["name"]; !named {
		claims["name"] = said["name"]
	}
	return nil
}

package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/cpodkit/cpodkit/authz"
)

// profile is what a provider says of a user besides the identity (OpenID Connect Core 1.0
// section 5.1). A claim of another type is as good as none.
type profile struct {
	name     string
	email    string
	verified bool // that the address is the user's
}

// profile returns what an ID token says of its user. When the token has no e-mail address,
// it asks the UserInfo endpoint: with the code flow a provider may give addresses there
// alone (OpenID Connect Core 1.0 section 5.4).
func (u *Upstream) profile(ctx context.Context, claims authz.Claims, accessToken string) (profile, error) {
	var p profile
	p.name, _ = claims.Text("name")
	p.email, _ = claims.Text("email")
	p.verified = string(claims.Value("email_verified")) == "true"
	if claims.Value("email") != nil || accessToken == "" || !slices.Contains(u.config.Scopes, "email") {
		return p, nil
	}
	said, err := u.userInfo(ctx, accessToken)
	if err != nil || said == nil {
		return p, err
	}
	if subject, _ := said["sub"].(string); subject == "" || subject != claims.Subject { // section 5.3.2
		return p, u.refuse(errors.New("the UserInfo endpoint tells of another user"))
	}
	p.email, _ = said["email"].(string)
	p.verified, _ = said["email_verified"].(bool)
	if claims.Value("name") == nil {
		p.name, _ = said["name"].(string)
	}
	return p, nil
}

// userInfo returns the answer of the UserInfo endpoint; nil when there is none.
func (u *Upstream) userInfo(ctx context.Context, accessToken string) (map[string]any, error) {
	p, err := u.discover(ctx)
	if err != nil || p.UserInfo == "" {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.UserInfo, nil)
	if err != nil {
		return nil, u.down(err)
	}
	r.Header.Set("Authorization", "Bearer "+accessToken)
	res, err := u.client.Do(r)
	if err != nil {
		return nil, u.down(err)
	}
	if res.Status >= http.StatusInternalServerError {
		return nil, u.down(fmt.Errorf("the UserInfo endpoint answers %d", res.Status))
	}
	said := map[string]any{}
	if res.Status != http.StatusOK {
		return nil, u.refuse(fmt.Errorf("the UserInfo endpoint answers %d", res.Status))
	}
	if err := json.Unmarshal(res.Body, &said); err != nil {
		return nil, u.refuse(err)
	}
	return said, nil
}

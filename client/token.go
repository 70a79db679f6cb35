package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// fetchTimeout ends a token request that nobody waits for any more.
	fetchTimeout = time.Minute
	// refreshPause is how long a failed early refresh rests while the old token still works.
	refreshPause = 5 * time.Second
	// maxTokenLife keeps a nonsensical expires_in from overflowing a duration.
	maxTokenLife = 365 * 24 * time.Hour
)

type accessToken struct {
	value     string
	refreshAt time.Time
	expires   time.Time
}

// tokenSource caches the access token. One fetch runs at a time, on its own goroutine, so that the caller who started
// it can be cancelled without failing those who wait for it.
type tokenSource struct {
	fetch func(context.Context) (accessToken, error)

	mu      sync.Mutex
	current accessToken
	flight  *tokenFlight
}

type tokenFlight struct {
	done  chan struct{}
	token string
	err   error
}

// token returns a valid token, other than rejected, which the server has just refused. From 80 % of a token's life on
// a new one is fetched, while callers go on with the old; they wait only when there is none that is valid.
func (s *tokenSource) token(ctx context.Context, rejected string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.Lock()
	if rejected != "" && s.current.value == rejected {
		s.current = accessToken{}
	}
	now := time.Now()
	current, valid := s.current.value, now.Before(s.current.expires)
	if valid && now.Before(s.current.refreshAt) {
		s.mu.Unlock()
		return current, nil
	}
	if s.flight == nil {
		s.flight = s.takeOff(ctx)
	}
	flight := s.flight
	s.mu.Unlock()
	if valid {
		return current, nil
	}
	select {
	case <-flight.done:
		return flight.token, flight.err
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for an access token: %w", ctx.Err())
	}
}

func (s *tokenSource) takeOff(ctx context.Context) *tokenFlight {
	flight := &tokenFlight{done: make(chan struct{})}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	go func() {
		defer cancel()
		fresh, err := s.fetch(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil {
			s.current = fresh
		} else {
			s.current.refreshAt = time.Now().Add(refreshPause)
		}
		s.flight = nil
		flight.token, flight.err = fresh.value, err
		close(flight.done)
	}()
	return flight
}

// tokenFetcher asks the token endpoint (client_credentials, RFC 6749 section 4.4.2).
func tokenFetcher(a *api, scopes []string, tenant string) func(context.Context) (accessToken, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	body := []byte(form.Encode())
	return func(ctx context.Context) (accessToken, error) {
		started := time.Now()
		answer, err := a.do(ctx, &call{
			op: "oauth.token", method: http.MethodPost, path: "/v1/oauth/token",
			contentType: formType, data: body, auth: clientAuth, repeat: always, success: []int{http.StatusOK},
		})
		if err != nil {
			return accessToken{}, err
		}
		var granted struct {
			AccessToken string `json:"access_token"`
			TokenType   string `json:"token_type"`
			ExpiresIn   int64  `json:"expires_in"`
		}
		if err := answer.decode(&granted); err != nil {
			return accessToken{}, err
		}
		usable := granted.AccessToken != "" && isVisibleASCII(granted.AccessToken)
		if !usable || !strings.EqualFold(granted.TokenType, "Bearer") {
			return accessToken{}, &Error{Op: "oauth.token", Status: answer.status,
				Message: "the answer holds no Bearer token: check BaseURL (CPOD_API_URL)"}
		}
		if tenant != "" && tokenTenant(granted.AccessToken) != tenant {
			return accessToken{}, errTenantMismatch()
		}
		life := time.Duration(min(max(granted.ExpiresIn, 0), int64(maxTokenLife/time.Second))) * time.Second
		return accessToken{
			value:     granted.AccessToken,
			refreshAt: started.Add(life / 5 * 4),
			expires:   started.Add(life),
		}, nil
	}
}

// tokenTenant reads the tenant from a JWT without verifying it: good enough to notice mixed-up credentials, and for
// nothing else. It is empty when the token is not a JWT or names no tenant.
func tokenTenant(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		TenantID string `json:"tenantId"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.TenantID
}

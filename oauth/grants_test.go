package oauth_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/oauthtest"
)

func TestMemoryGrants(t *testing.T) {
	t.Parallel()
	oauthtest.RunGrants(t, func(*testing.T) oauth.GrantStore { return oauth.NewMemoryGrants() })
}

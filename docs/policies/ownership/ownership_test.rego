package authz_test

import data.authz

question(user, action) := {
	"identity": {"tenantId": "acme", "appId": "shop", "userId": user, "scopes": ["orders.*"]},
	"action": action,
	"context": {"owner": "ann"},
}

app := {"identity": {"tenantId": "acme", "appId": "shop", "scopes": ["orders.*"]}, "action": "read", "context": {}}

test_the_owner_changes_it if authz.allow with input as question("ann", "write")

test_another_user_reads_it if authz.allow with input as question("bob", "read")

test_another_user_does_not_change_it if not authz.allow with input as question("bob", "write")

test_no_user_and_no_owner_are_not_equal if not authz.allow with input as app

test_an_administrator if {
	authz.allow with input as json.patch(app, [{"op": "add", "path": "/identity/scopes/-", "value": "admin"}])
}

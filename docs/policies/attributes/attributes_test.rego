package authz_test

import data.authz

ticket(region, sensitivity) := {
	"action": "read",
	"claims": {"department": "support", "regions": ["eu"], "clearance": "internal"},
	"context": {"region": region, "sensitivity": sensitivity},
}

test_within if authz.allow with input as ticket("eu", "internal")

test_another_region if not authz.allow with input as ticket("us", "public")

test_above_the_clearance if not authz.allow with input as ticket("eu", "secret")

test_an_unknown_level if not authz.allow with input as ticket("eu", "odd")

test_without_context if not authz.allow with input as object.remove(ticket("eu", "public"), ["context"])

test_the_reason_names_the_region if {
	authz.reason == "This is of the region us, which is not yours." with input as ticket("us", "public")
}

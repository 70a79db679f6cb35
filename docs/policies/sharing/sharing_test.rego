package authz_test

import data.authz

note(user, action) := {"identity": {"userId": user}, "action": action, "resource": "/api/notes/7"}

test_a_viewer_reads if authz.allow with input as note("bob", "read")

test_a_viewer_does_not_write if not authz.allow with input as note("bob", "write")

test_the_owner_shares if authz.allow with input as note("ann", "share")

test_a_stranger if not authz.allow with input as note("eve", "read")

test_another_note if not authz.allow with input as json.patch(
	note("ann", "read"),
	[{"op": "replace", "path": "/resource", "value": "/api/notes/8"}],
)

test_a_new_share if {
	authz.allow with input as note("eve", "write") with data.shares as {"/api/notes/7": {"eve": "editor"}}
}

test_the_reasons if {
	authz.reason == "Nobody has shared this with you." with input as note("eve", "read")
	authz.reason == "You are its viewer." with input as note("bob", "write")
}

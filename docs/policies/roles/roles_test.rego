package authz_test

import data.authz

orders(role, action) := {
	"claims": {"roles": [role]},
	"action": action,
	"path": ["api", "orders", "7"],
}

test_a_clerk_reads_orders if authz.allow with input as orders("clerk", "read")

test_a_clerk_changes_none if not authz.allow with input as orders("clerk", "write")

test_a_manager_changes_orders if authz.allow with input as orders("manager", "write")

test_a_role_that_is_unknown if not authz.allow with input as orders("guest", "read")

test_a_path_beside if {
	not authz.allow with input as {"claims": {"roles": ["clerk"]}, "action": "read", "path": ["api", "orders-old"]}
}

test_a_token_without_roles if not authz.allow with input as {"claims": {}, "action": "read", "path": ["api", "orders"]}

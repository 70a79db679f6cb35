package authz

# All users of the tenant read. The owner of a thing changes it, and so does an administrator.

default allow := false

allow if {
	input.action == "read"
	input.identity.userId
}

allow if input.identity.userId == input.context.owner

allow if "admin" in input.identity.scopes

reason := "This belongs to somebody else."

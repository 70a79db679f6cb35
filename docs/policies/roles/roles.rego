package authz

# A role may do some actions below some paths. Tokens name the roles of their user.

default allow := false

allow if {
	some role in input.claims.roles
	some grant in data.roles[role]
	input.action in grant.actions
	array.slice(input.path, 0, count(grant.below)) == grant.below
}

reason := "None of your roles allows this."

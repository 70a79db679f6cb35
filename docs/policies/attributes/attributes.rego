package authz

# Support staff read what is of a region of theirs, and not above their clearance.

default allow := false

allow if {
	input.action == "read"
	input.claims.department == "support"
	input.context.region in input.claims.regions
	levels[input.context.sensitivity] <= levels[input.claims.clearance]
}

levels := {"public": 0, "internal": 1, "secret": 2}

reason := sprintf("This is of the region %s, which is not yours.", [input.context.region]) if {
	not input.context.region in input.claims.regions
}

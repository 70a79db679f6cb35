package authz

# A user shares a thing with others, as viewers or as editors. The shares are data: PUT
# /v1/policy/data/shares changes them.

default allow := false

allow if input.action in may[data.shares[input.resource][input.identity.userId]]

may := {
	"viewer": ["read"],
	"editor": ["read", "write"],
	"owner": ["read", "write", "share"],
}

reason := "Nobody has shared this with you." if not data.shares[input.resource][input.identity.userId]

reason := sprintf("You are its %s.", [role]) if role := data.shares[input.resource][input.identity.userId]

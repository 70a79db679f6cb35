package rego

import (
	"net/http"

	"github.com/cpodkit/cpodkit"
)

func (g *routeGuard) decide(w http.ResponseWriter, r *http.Request, id *cpodkit.Identity) error {
	var in RouteInput
	g.reader.read(r, id, &in, func(string) bool { return true })
	if err := g.reader.body(w, r, &in); err != nil {
		return undecided(err)
	}
	return denied("")
}

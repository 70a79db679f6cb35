package main

import (
	"context"
	"net/http"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/api"
)

// apiPart is the description of all calls, and what load balancers ask.
func apiPart(*settings) part {
	return part{open: func(context.Context, *house) (opened, error) {
		return opened{routes: append(api.Routes(), healthRoute())}, nil
	}}
}

func healthRoute() cpodkit.Route {
	return cpodkit.Route{
		Name:    "getHealth",
		Pattern: "GET /health",
		Public:  true,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answerState(w, r, http.StatusOK, map[string]string{"status": "ok"})
		}),
	}
}

package main

import (
	"context"

	"github.com/cpodkit/cpodkit/api"
)

// apiPart is the description of all calls, and what load balancers ask.
func apiPart(*settings) part {
	return part{open: func(context.Context, *house) (opened, error) { return opened{routes: api.Routes()}, nil }}
}

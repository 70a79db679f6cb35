package tenantstore

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/storage"
)

// Server is what a running server says of the erasures that it follows.
type Server struct {
	ID        string
	StartedAt time.Time

	// Seen are the IDs of erasures that it has begun to apply, and Applied those that it
	// has applied, with what it has erased of its own memory by the name of the part.
	Seen    []string
	Applied map[string]map[string]storage.Amount
}

// Servers keeps the servers that run. One that ends removes itself; one that was killed
// stays until a command finds that it does not answer. Its errors are those of
// [docstore.Collection].
type Servers struct {
	records *docstore.Collection[serverRecord]
}

// NewServers returns the store of servers.
func NewServers(db *docstore.DB) *Servers {
	return &Servers{docstore.NewCollection[serverRecord](db, "tenants", "servers")}
}

// serverRecord is a server as it is stored. Its key is the ID.
type serverRecord struct {
	StartedAt time.Time                            `json:"startedAt"`
	Seen      []string                             `json:"seen,omitempty"`
	Applied   map[string]map[string]storage.Amount `json:"applied,omitempty"`
}

// Put stores a server, whatever is there.
func (s *Servers) Put(ctx context.Context, server Server) error {
	return s.records.Put(ctx, server.ID, serverRecord{server.StartedAt.UTC(), server.Seen, server.Applied})
}

// Has reports whether the server is there.
func (s *Servers) Has(ctx context.Context, id string) (bool, error) {
	_, err := s.records.Get(ctx, id)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return false, nil
	}
	return err == nil, err
}

// List returns all servers.
func (s *Servers) List(ctx context.Context) ([]Server, error) {
	var servers []Server
	for r, err := range s.records.All(ctx) {
		if err != nil {
			return nil, err
		}
		servers = append(servers, Server{r.Key, r.Value.StartedAt, r.Value.Seen, r.Value.Applied})
	}
	return servers, nil
}

// Delete removes a server. One that is not there is no error.
func (s *Servers) Delete(ctx context.Context, id string) error { return s.records.Delete(ctx, id) }

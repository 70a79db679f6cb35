package tenantstore

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
)

// Installation keeps what the servers of an installation tell its commands.
type Installation struct {
	records *docstore.Collection[issuerRecord]
}

// NewInstallation returns the store.
func NewInstallation(db *docstore.DB) *Installation {
	return &Installation{docstore.NewCollection[issuerRecord](db, "installation", "installation")}
}

type issuerRecord struct {
	URL string `json:"url"`
}

const issuerKey = "issuer"

// Issuer returns the public URL of the server that started last, or "" before the
// first one has.
func (i *Installation) Issuer(ctx context.Context) (string, error) {
	r, err := i.records.Get(ctx, issuerKey)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return "", nil
	}
	return r.Value.URL, err
}

// SetIssuer stores the public URL of a server that starts. It writes nothing where
// that is stored already.
func (i *Installation) SetIssuer(ctx context.Context, url string) error {
	stored, err := i.Issuer(ctx)
	if err != nil || stored == url {
		return err
	}
	return i.records.Put(ctx, issuerKey, issuerRecord{url})
}

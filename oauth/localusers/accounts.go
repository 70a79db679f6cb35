package localusers

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
)

// Change says what to change of a user. What is nil stays as it is.
type Change struct {
	Name     *string // "" for none
	Disabled *bool
}

// Get returns a user of a tenant, or [cpodkit.CodeNotFound].
func (u *Users) Get(ctx context.Context, tenantID, id string) (Account, error) {
	account, err := u.store.Get(ctx, tenantID, id)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return Account{}, cpodkit.Errorf(cpodkit.CodeNotFound, "There is no user with this id.")
	}
	return account, err
}

// Find returns the user of a tenant with an e-mail address, or [cpodkit.CodeNotFound].
func (u *Users) Find(ctx context.Context, tenantID, email string) (Account, error) {
	account, err := u.store.FindEmail(ctx, tenantID, email)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return Account{}, cpodkit.Errorf(cpodkit.CodeNotFound, "There is no user with this e-mail address.")
	}
	return account, err
}

// List returns the users of a tenant whose ID sorts after the given one, by ID, at most limit
// of them.
func (u *Users) List(ctx context.Context, tenantID, after string, limit int) ([]Account, error) {
	return u.store.List(ctx, tenantID, after, limit)
}

// Change changes a user. Who is disabled cannot sign in, and has no sessions, grants and
// tokens any more when Change returns nil.
func (u *Users) Change(ctx context.Context, tenantID, id string, change Change) (Account, error) {
	account, err := u.update(ctx, tenantID, id, func(a *Account) error {
		if change.Name != nil {
			if !validName(*change.Name) {
				return cpodkit.ValidationError(nameFault())
			}
			a.Name = *change.Name
		}
		if change.Disabled != nil {
			if *change.Disabled && !a.Disabled {
				a.ValidFrom = now()
			}
			a.Disabled = *change.Disabled
		}
		return nil
	})
	if err == nil && change.Disabled != nil && *change.Disabled {
		err = u.end(ctx, account)
	}
	return account, err
}

// Delete removes a user, after the user's sessions, grants and tokens have ended. When that
// fails, the user is disabled and can be deleted again.
func (u *Users) Delete(ctx context.Context, tenantID, id string) (Account, error) {
	disabled := true
	for range attempts {
		if _, err := u.Change(ctx, tenantID, id, Change{Disabled: &disabled}); err != nil {
			return Account{}, err
		}
		account, err := u.Get(ctx, tenantID, id)
		if err != nil {
			return Account{}, err
		}
		if !account.Disabled {
			continue
		}
		if err := u.store.Delete(ctx, account); !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return account, err
		}
	}
	return Account{}, errBusy()
}

// update changes an account. It starts again when somebody else changes it at the same time.
func (u *Users) update(ctx context.Context, tenantID, id string, change func(*Account) error) (Account, error) {
	for range attempts {
		account, err := u.Get(ctx, tenantID, id)
		if err != nil {
			return Account{}, err
		}
		if err := change(&account); err != nil {
			return Account{}, err
		}
		if err := u.store.Update(ctx, account); !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return account, err
		}
	}
	return Account{}, errBusy()
}

func errBusy() error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The user is being changed by others; try again.")
}

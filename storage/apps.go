package storage

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// MaxApps is over how many apps of one user a read goes that does not name one.
// With more, such a read is a conflict.
const MaxApps = 100

// Apps says whose data a read in the user tier means. The zero value is the
// identity's own app and, for a read by key that finds nothing there, the other
// apps of the same user.
type Apps struct {
	choice choice
	id     string
}

type choice uint8

const (
	ownApp choice = iota
	oneApp
	allApps
)

// OneApp means the data of one app, whether that is the identity's own or not.
func OneApp(clientID string) Apps { return Apps{choice: oneApp, id: clientID} }

// AllApps means the data of every app of the user. Only lists and queries span
// them.
func AllApps() Apps { return Apps{choice: allApps} }

// All reports whether a is [AllApps].
func (a Apps) All() bool { return a.choice == allApps }

// Named returns the client_id of [OneApp].
func (a Apps) Named() (clientID string, ok bool) { return a.id, a.choice == oneApp }

// check returns a bad_request error when apps do not go with the tier.
func (a Apps) check(tier Tier) error {
	if a == (Apps{}) {
		return nil
	}
	if tier != User {
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "An app can be named (app=) in the user tier only.")
	}
	if a.choice == oneApp {
		if _, err := cpodkit.EncodeID(a.id); err != nil {
			return cpodkit.Errorf(cpodkit.CodeBadRequest, "The app (app=) is not a client_id: it %s.", err)
		}
	}
	return nil
}

// Segment is for files and documents: the space of one app of a user, in the user
// tier.
type Segment struct {
	App   string // the client_id
	Space Space
}

// Reach is for files and documents: where a read looks.
type Reach struct {
	// First is the identity's own space, or that of the app that the read names.
	First Segment

	// Wide says that the other segments of the same user belong to it too: for a
	// read by key those in which it looks when First has nothing, for a list all.
	Wide bool

	own  Segment // of the caller
	user string  // what the roots of all segments of the user begin with
}

// Of returns where a list looks that goes over other apps, as its cursor says. Its
// errors are bad_request for apps outside the user tier, and for one that is not a
// client_id.
func (r Reach) Of(apps Apps) (Reach, error) {
	if err := apps.check(r.own.Space.tier); err != nil {
		return Reach{}, err
	}
	r.First, r.Wide = r.own, apps.All()
	if named, ok := apps.Named(); ok {
		app, _ := cpodkit.EncodeID(named)
		r.First = Segment{named, Space{r.user + app + "/", User}}
	}
	return r, nil
}

// Prefix returns what the root of every segment of the user begins with. It ends
// with a slash; it is "" outside the user tier.
func (r Reach) Prefix() string { return r.user }

// Segments returns the segments whose roots a driver has found below
// [Reach.Prefix], by app. A root that [Authorize] would not make is left out.
// More than [MaxApps] are a conflict.
func (r Reach) Segments(roots []string) ([]Segment, error) {
	if len(roots) > MaxApps {
		return nil, cpodkit.Errorf(cpodkit.CodeConflict,
			"More than %d apps have data of this user: name one (app=).", MaxApps)
	}
	var segments []Segment
	for _, root := range roots {
		if app, ok := r.appOf(root); ok {
			segments = append(segments, Segment{app, Space{root, User}})
		}
	}
	slices.SortFunc(segments, func(a, b Segment) int { return cmp.Compare(a.App, b.App) })
	return segments, nil
}

// appOf undoes what [Authorize] does with the id of an app.
func (r Reach) appOf(root string) (string, bool) {
	encoded, below := strings.CutPrefix(root, r.user)
	encoded, whole := strings.CutSuffix(encoded, "/")
	app, err := url.PathUnescape(encoded)
	if r.user == "" || !below || !whole || err != nil {
		return "", false
	}
	again, err := cpodkit.EncodeID(app)
	return app, err == nil && again == encoded
}

// Elsewhere returns the one other segment that has a key which First misses. missing
// is the error of the read in First: when it is not CodeNotFound, or the reach is not
// wide, or no other segment has the key, it comes back as it is. segments returns all
// of the user, and has the error of looking for the key in one. Several that have it
// are a conflict that names their apps.
func (r Reach) Elsewhere(missing error, segments func() ([]Segment, error), has func(Segment) error) (Segment, error) {
	if !r.Wide || !errors.Is(missing, cpodkit.CodeNotFound) {
		return Segment{}, missing
	}
	all, err := segments()
	if err != nil {
		return Segment{}, err
	}
	var found []Segment
	var names []string
	for _, segment := range all {
		if segment == r.First {
			continue
		}
		switch err := has(segment); {
		case err == nil:
			found, names = append(found, segment), append(names, strconv.Quote(segment.App))
		case !errors.Is(err, cpodkit.CodeNotFound):
			return Segment{}, err
		}
	}
	switch len(found) {
	case 0:
		return Segment{}, missing
	case 1:
		return found[0], nil
	}
	return Segment{}, cpodkit.Errorf(cpodkit.CodeConflict,
		"Several apps of this user have this key: name one (app=) of %s.", strings.Join(names, ", "))
}

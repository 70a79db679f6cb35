package localfiles

import (
	"sync"
	"time"
)

// removeAbandoned removes the temporary files of a process that has ended. One
// that is not sure to be alone leaves the young ones.
func (d *Driver) removeAbandoned(alone bool) error {
	f, err := d.temp.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && (alone || time.Since(info.ModTime()) >= abandonedAfter) {
			d.discard(entry.Name())
		}
	}
	return nil
}

// discard removes a temporary file. What cannot be removed now, because the disk
// has become read-only, goes with a later Put.
func (d *Driver) discard(name string) {
	if err := d.temp.Remove(name); err != nil && !isGone(err) {
		d.leftovers.add(name)
	}
}

func (d *Driver) discardLeftovers() {
	for _, name := range d.leftovers.take() {
		d.discard(name)
	}
}

// leftovers are temporary files that could not be removed.
type leftovers struct {
	mu    sync.Mutex
	names []string
}

func (l *leftovers) add(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names = append(l.names, name)
}

func (l *leftovers) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := l.names
	l.names = nil
	return names
}

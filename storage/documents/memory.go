package documents

import (
	"bytes"
	"context"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cpodkit/cpodkit"
)

// Memory is a [Driver] that keeps documents in memory, for tests and for what
// may be lost. A query looks at every document of its collection. Memory has no
// bound but the machine's.
type Memory struct {
	seed   maphash.Seed
	shards [64]memoryShard // by collection
	closed atomic.Bool
}

type memoryShard struct {
	mu          sync.RWMutex
	collections map[CollectionID]map[string]*memoryDocument
}

// memoryDocument is never changed: a write puts another in its place.
type memoryDocument struct {
	Record
	projection Projection
}

var (
	_ Driver           = (*Memory)(nil)
	_ SpaceFinder      = (*Memory)(nil)
	_ CollectionFinder = (*Memory)(nil)
)

// NewMemory returns an empty driver.
func NewMemory() *Memory {
	m := &Memory{seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].collections = map[CollectionID]map[string]*memoryDocument{}
	}
	return m
}

// Close drops every document. A call that comes later is CodeUnavailable.
func (m *Memory) Close() error {
	if m.closed.Swap(true) {
		return nil
	}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		clear(s.collections)
		s.mu.Unlock()
	}
	return nil
}

// Get implements [Driver].
func (m *Memory) Get(ctx context.Context, in CollectionID, key string) (Record, error) {
	if err := m.ready(ctx); err != nil {
		return Record{}, err
	}
	s := m.shard(in)
	s.mu.RLock()
	doc, ok := s.collections[in][key]
	s.mu.RUnlock()
	if !ok {
		return Record{}, cpodkit.CodeNotFound
	}
	return doc.copy(), nil
}

// Apply implements [Driver].
func (m *Memory) Apply(ctx context.Context, in CollectionID, ops []Op) []error {
	errs := make([]error, len(ops))
	if err := m.ready(ctx); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	docs := make([]*memoryDocument, len(ops))
	for i, op := range ops {
		if !op.Delete {
			docs[i] = &memoryDocument{Record: op.Record}
			docs[i].Value = bytes.Clone(op.Record.Value)
			docs[i].projection, errs[i] = Project(op.Record.Value)
		}
	}

	s := m.shard(in)
	s.mu.Lock()
	defer s.mu.Unlock()
	collection := s.collections[in]
	for i, op := range ops {
		if errs[i] != nil {
			continue
		}
		current, there := collection[op.Record.Key]
		switch {
		case op.IfAbsent && there, op.IfPresent && !there, op.IfVersion != "" && (!there || current.Version != op.IfVersion):
			errs[i] = cpodkit.CodePreconditionFailed
		case op.Delete:
			delete(collection, op.Record.Key)
		default:
			if collection == nil {
				collection = map[string]*memoryDocument{}
				s.collections[in] = collection
			}
			collection[op.Record.Key] = docs[i]
		}
	}
	if len(collection) == 0 {
		delete(s.collections, in)
	}
	return errs
}

// Query implements [Driver].
func (m *Memory) Query(ctx context.Context, in CollectionID, q DriverQuery) ([]Record, error) {
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	scan := newMemoryScan(q)
	for i, doc := range m.documents(in) {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		scan.add(doc)
	}
	hits := scan.finish()
	records := make([]Record, 0, len(hits))
	size := 0
	for _, hit := range hits {
		records = append(records, hit.doc.copy())
		if size += len(hit.doc.Value); q.MaxBytes > 0 && size > q.MaxBytes {
			break
		}
	}
	return records, nil
}

// Spaces implements [SpaceFinder]. It looks at every collection.
func (m *Memory) Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error) {
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	var spaces []string
	for _, in := range m.collectionsBelow(prefix) {
		if in.Name == collection {
			spaces = append(spaces, in.Space)
		}
	}
	return spaces[:min(limit, len(spaces))], nil
}

// Collections implements [CollectionFinder]. It looks at every collection.
func (m *Memory) Collections(ctx context.Context, prefix string, after CollectionID, limit int) ([]CollectionID, error) {
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(m.collectionsBelow(prefix), func(in CollectionID) bool { return in.compare(after) <= 0 })
	return found[:min(limit, len(found))], nil
}

// collectionsBelow returns those in the spaces that begin with prefix, in order.
func (m *Memory) collectionsBelow(prefix string) []CollectionID {
	var found []CollectionID
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		for in := range maps.Keys(s.collections) {
			if strings.HasPrefix(in.Space, prefix) {
				found = append(found, in)
			}
		}
		s.mu.RUnlock()
	}
	slices.SortFunc(found, CollectionID.compare)
	return found
}

// documents returns those of a collection now, so that a query holds up no
// writer while it looks at them.
func (m *Memory) documents(in CollectionID) []*memoryDocument {
	s := m.shard(in)
	s.mu.RLock()
	defer s.mu.RUnlock()
	docs := make([]*memoryDocument, 0, len(s.collections[in]))
	for _, doc := range s.collections[in] {
		docs = append(docs, doc)
	}
	return docs
}

func (m *Memory) shard(in CollectionID) *memoryShard {
	return &m.shards[maphash.Comparable(m.seed, in)%uint64(len(m.shards))]
}

func (m *Memory) ready(ctx context.Context) error {
	if m.closed.Load() {
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The document store is closed.")
	}
	return ctx.Err()
}

func (d *memoryDocument) copy() Record {
	r := d.Record
	r.Value = bytes.Clone(r.Value)
	return r
}

// memoryScan collects the first documents of a query's order that pass it.
type memoryScan struct {
	query  DriverQuery
	filter [][]string // the escaped path of each condition
	order  [][]string // and of each member of the order
	hits   []memoryHit
	full   bool // hits holds q.Limit in order, and last is the last of them
	last   memoryHit
}

type memoryHit struct {
	doc  *memoryDocument
	keys []SortKey
}

func newMemoryScan(q DriverQuery) *memoryScan {
	s := &memoryScan{query: q}
	for _, c := range q.Filter {
		s.filter = append(s.filter, c.Path.Escaped())
	}
	for _, o := range q.Order {
		s.order = append(s.order, o.Path.Escaped())
	}
	return s
}

func (s *memoryScan) add(doc *memoryDocument) {
	for i, c := range s.query.Filter {
		if !c.Holds(doc.projection.at(s.filter[i])) {
			return
		}
	}
	hit := memoryHit{doc: doc}
	if len(s.order) > 0 {
		hit.keys = make([]SortKey, len(s.order))
		for i, path := range s.order {
			hit.keys[i] = doc.projection.at(path)
		}
	}
	if after := s.query.After; after != nil && s.compare(hit.keys, doc.Key, after.Keys, after.Key) <= 0 {
		return
	}
	if s.full && s.compareHits(hit, s.last) > 0 {
		return
	}
	if s.hits = append(s.hits, hit); len(s.hits) >= max(2*s.query.Limit, 64) {
		s.cut()
	}
}

// cut keeps the first hits, so that a scan holds few documents at a time.
func (s *memoryScan) cut() {
	slices.SortFunc(s.hits, s.compareHits)
	if len(s.hits) >= s.query.Limit {
		clear(s.hits[s.query.Limit:])
		s.hits = s.hits[:s.query.Limit]
		s.full, s.last = true, s.hits[s.query.Limit-1]
	}
}

func (s *memoryScan) finish() []memoryHit {
	s.cut()
	return s.hits
}

func (s *memoryScan) compareHits(a, b memoryHit) int {
	return s.compare(a.keys, a.doc.Key, b.keys, b.doc.Key)
}

func (s *memoryScan) compare(aKeys []SortKey, a string, bKeys []SortKey, b string) int {
	for i, o := range s.query.Order {
		if c := strings.Compare(string(aKeys[i]), string(bKeys[i])); c != 0 {
			if o.Descending {
				return -c
			}
			return c
		}
	}
	return strings.Compare(a, b)
}

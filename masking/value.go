package masking

// Mask returns a deep copy of v, of the same type, with its strings and fields masked.
func (m *Masker) Mask(v any) any {
	p := hider{compiled: m.inForce.Load()}
	return p.value(v)
}

type typeCache struct{}

func newTypeCache() *typeCache { return &typeCache{} }

func (p *hider) value(v any) any {
	switch v := v.(type) {
	case string:
		out, verdict := p.text(nil, v, nil)
		if verdict == same {
			return v
		}
		return string(out)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = p.value(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = p.value(x)
		}
		return out
	}
	return v
}

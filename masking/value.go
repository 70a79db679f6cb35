package masking

// Mask returns a deep copy of v, of the same type, with its strings and fields masked.
func (m *Masker) Mask(v any) any {
	switch v := v.(type) {
	case string:
		return m.MaskString(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.Mask(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[m.MaskString(k)] = m.Mask(x)
		}
		return out
	}
	return v
}

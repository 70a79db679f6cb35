package mongodocuments

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// The fields of a stored document.
const (
	fieldID         = "_id"
	fieldCollection = "c"
	fieldSpace      = "s"
	fieldVersion    = "v"
	fieldUpdated    = "t"
	fieldValue      = "j" // the JSON, byte for byte
	fieldProjection = "p" // see appendObject; only of an object
)

// Within an object of a projection, orderSuffix ends the name of the field that
// goes before a member, and objectEnd is its last field. Both are outside of the
// alphabet of documents.EscapeName, before and behind all of it.
const (
	orderSuffix = "!"
	objectEnd   = "~"
)

// fieldName returns the field of a member in a projection: its name as
// documents.EscapeName returns it, or "_id~" for _id. FerretDB moves a field _id to the
// start of every object, which changes what the object equals and where it sorts. No
// order depends on the name, because the field before it has the true one.
func fieldName(escaped string) string {
	if escaped == fieldID {
		return escapedID
	}
	return escaped
}

const escapedID = "_id~"

// encode returns a record as it is stored.
func encode(in documents.CollectionID, at idPrefix, r documents.Record) (bson.Raw, error) {
	projection, err := documents.Project(r.Value)
	if err != nil {
		return nil, err
	}
	text := projection.JSON()
	out := make([]byte, 0, 256+len(r.Value)+4*len(text))
	start, out := bsoncore.AppendDocumentStart(out)
	out = bsoncore.AppendStringElement(out, fieldID, at.id(r.Key))
	out = bsoncore.AppendStringElement(out, fieldCollection, in.Name)
	out = bsoncore.AppendStringElement(out, fieldSpace, in.Space)
	out = bsoncore.AppendStringElement(out, fieldVersion, r.Version)
	out = bsoncore.AppendDateTimeElement(out, fieldUpdated, r.UpdatedAt.UnixMilli())
	out = bsoncore.AppendStringElement(out, fieldValue, string(r.Value))
	if text != nil {
		out = bsoncore.AppendHeader(out, bsoncore.TypeEmbeddedDocument, fieldProjection)
		if out, _, err = appendObject(out, string(text)); err != nil {
			return nil, err
		}
	}
	return bsoncore.AppendDocumentEnd(out, start)
}

var errNoProjection = errors.New("mongodocuments: the text is no projection")

// appendObject appends the JSON object at the start of a projection's text, and
// returns what follows it. Each member becomes two fields, so that MongoDB, which
// compares objects field by field, first by type, then by name and then by
// value, comes to the order of the texts, which is that of the sort keys:
//
//	"status!": "5open\""   the text of a string or an array with its closing quote,
//	                       "{" of an object, the type alone of all else
//	"status":  "5open"     the sort key, or an object
//
// Filters, sorts and indexes only name the second. Without the first, {"a": "x"}
// and {"b": {}} would be ordered by type, and "x" and "x " as if no quote followed.
func appendObject(out []byte, text string) (_ []byte, rest string, err error) {
	text, ok := strings.CutPrefix(text, "{")
	if !ok {
		return nil, "", errNoProjection
	}
	start, out := bsoncore.AppendDocumentStart(out)
	for !strings.HasPrefix(text, "}") {
		name, value, ok := strings.Cut(strings.TrimPrefix(text, `"`), `":`)
		if !ok || value == "" {
			return nil, "", errNoProjection
		}
		if value[0] == '{' {
			out = bsoncore.AppendStringElement(out, name+orderSuffix, "{")
			out = bsoncore.AppendHeader(out, bsoncore.TypeEmbeddedDocument, fieldName(name))
			if out, text, err = appendObject(out, value); err != nil {
				return nil, "", err
			}
		} else {
			var key, order string
			if key, order, text, err = leaf(value); err != nil {
				return nil, "", err
			}
			out = bsoncore.AppendStringElement(out, name+orderSuffix, order)
			out = bsoncore.AppendStringElement(out, fieldName(name), key)
		}
		text = strings.TrimPrefix(text, ",")
	}
	out = bsoncore.AppendStringElement(out, objectEnd, "")
	out, err = bsoncore.AppendDocumentEnd(out, start)
	return out, text[1:], err
}

// leaf reads the JSON string at the start of text: the sort key that it is, what
// orders it within an object, and what follows.
func leaf(text string) (key, order, rest string, err error) {
	end := 1
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(text) || end == 1 {
		return "", "", "", errNoProjection
	}
	quoted, rest := text[:end+1], text[end+1:]
	key, order = quoted[1:end], quoted[1:]
	if strings.Contains(key, `\`) {
		if err := json.Unmarshal([]byte(quoted), &key); err != nil {
			return "", "", "", err
		}
	}
	if key[0] < '5' { // neither a string nor an array: nothing in it needs an escape, and none begins another
		order = key[:1]
	}
	return key, order, rest, nil
}

// operand returns a sort key as the value that stands in a projection.
func operand(key documents.SortKey) (any, error) {
	if !isObject(key) {
		return string(key), nil
	}
	raw, rest, err := appendObject(nil, string(key))
	if err == nil && rest != "" {
		err = errNoProjection
	}
	return bson.Raw(raw), err
}

func isObject(key documents.SortKey) bool { return strings.HasPrefix(string(key), "{") }

// decode returns the record of a stored document of a collection.
func decode(raw bson.Raw, at idPrefix) (documents.Record, error) {
	id, ok1 := raw.Lookup(fieldID).StringValueOK()
	version, ok2 := raw.Lookup(fieldVersion).StringValueOK()
	updated, ok3 := raw.Lookup(fieldUpdated).DateTimeOK()
	value, ok4 := raw.Lookup(fieldValue).StringValueOK()
	key, ok5 := strings.CutPrefix(id, string(at))
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return documents.Record{}, fmt.Errorf("mongodocuments: the document %q is not one of this package", id)
	}
	return documents.Record{Key: key, Value: []byte(value), Version: version, UpdatedAt: time.UnixMilli(updated).UTC()}, nil
}

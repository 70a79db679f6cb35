package cpodkit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit/internal/strictjson"
	"github.com/cpodkit/cpodkit/internal/wholebody"
)

// MaxJSONBody is the most bytes of a JSON body that [DecodeJSON] takes when it
// is given no other limit: 1 MiB.
const MaxJSONBody = 1 << 20

// DecodeJSON reads the body of r into dst, a pointer to a struct, strictly. A
// member that dst does not have, one that stands twice, a wrong type, and a string
// with half of a surrogate pair (\ud800) are validation_failed, all of them at once,
// each with its RFC 6901 pointer.
// Broken JSON, more than one value and an empty body are bad_request, another
// media type is unsupported_media_type, and more than limit bytes are
// payload_too_large. A limit of 0 is [MaxJSONBody].
func DecodeJSON(w http.ResponseWriter, r *http.Request, dst any, limit int64) error {
	body, err := ReadJSON(w, r, limit)
	if err != nil {
		return err
	}
	return UnmarshalStrict(body, dst)
}

// ReadJSON reads the body of a JSON call without looking into it. It checks
// media type and size as [DecodeJSON] does. The whole body has 10 s, and one second
// more for each 32 KiB of limit; a slower one is bad_request.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if !jsonMedia(r.Header.Get("Content-Type")) {
		return nil, Errorf(CodeUnsupportedMediaType, "This call takes JSON: send Content-Type: application/json.")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, Errorf(CodeUnsupportedMediaType, "This call takes a body without a Content-Encoding.")
	}
	if limit <= 0 {
		limit = MaxJSONBody
	}
	tooLarge := Errorf(CodePayloadTooLarge, "The body has more than the %d bytes that this call takes.", limit)
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	body, err := wholebody.Read(w, r, limit, wholebody.Within(limit))
	if err != nil {
		return nil, BodyError(err, tooLarge)
	}
	return body, nil
}

// BodyError classifies a failed read of a request body: tooLarge when a
// [http.MaxBytesReader] stopped it, canceled when the client hung up, else
// bad_request, because a client that stalls in the middle of a body, or sends a
// malformed one, sent a broken request.
func BodyError(err error, tooLarge *Error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	network, ok := errors.AsType[net.Error](err)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) || ok && !network.Timeout() {
		return errCanceled(err)
	}
	return Errorf(CodeBadRequest, "The body could not be read to its end.").WithCause(err)
}

// UnmarshalStrict is [DecodeJSON] for bytes at hand.
func UnmarshalStrict(data []byte, dst any) error {
	faults, err := strictjson.Unmarshal(data, dst)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && len(bytes.TrimSpace(data)) == 0:
		return Errorf(CodeBadRequest, "The body is empty; this call takes a JSON object.")
	case err != nil:
		return Errorf(CodeBadRequest, "The body is not valid JSON: %s.", err)
	case len(faults) == 0:
		return nil
	}
	fields := make([]FieldError, len(faults))
	for i, f := range faults {
		fields[i] = FieldError{Pointer: f.Pointer, Detail: f.Detail}
	}
	return ValidationError(fields...)
}

// ValidationError returns a validation_failed error for the given members.
func ValidationError(fields ...FieldError) *Error {
	return &Error{
		Code:   CodeValidationFailed,
		Detail: "The body does not fit this call; errors says where.",
		Fields: fields,
	}
}

func jsonMedia(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	return err == nil && (media == "application/json" ||
		strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}

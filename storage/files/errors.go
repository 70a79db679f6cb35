package files

import (
	"cmp"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

func errContentType() error {
	return cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType,
		"The content type is not a media type such as image/png; leave it out for %s.", DefaultContentType)
}

func errTooLarge(most int64) *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The file has more than the %d bytes that this store takes.", most)
}

// classified makes an error of another than the driver one for a client. The calls
// to the driver do this themselves.
func classified(err error) error { return portable.Error(err, sentence) }

// sentence is the [portable.Sentence] of this package. Why the store is not
// available the driver may say itself.
func sentence(code cpodkit.Code, said string) string {
	switch code {
	case cpodkit.CodeNotFound:
		return "There is no file with this key."
	case cpodkit.CodePreconditionFailed:
		return "The condition does not hold: the file has changed, is gone, or is there already."
	case cpodkit.CodeConflict:
		return "The store cannot keep a file under this key beside the others: one of the key's folders is a file, " +
			"or the key is a folder of other files, or it differs from another key in its letter case alone, " +
			"or the store takes no such name."
	case cpodkit.CodePayloadTooLarge:
		return "The file is larger than this store takes."
	case cpodkit.CodeNotSupported:
		return "This file store cannot do that."
	case cpodkit.CodeUnavailable:
		return cmp.Or(said, "The file store is not available; try again later.")
	}
	return portable.Failed("The file store", code)
}

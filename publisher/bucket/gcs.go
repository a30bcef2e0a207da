package bucket

import (
	"errors"
	"math"
	"strconv"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/gcsblob" // gs:// URLs
	"google.golang.org/api/googleapi"
)

// gcsProvider is Google Cloud Storage. A token is an object's generation.
var gcsProvider = provider{
	readToken: func(r *blob.Reader) string {
		var raw *storage.Reader
		if !r.As(&raw) {
			return ""
		}
		return strconv.FormatInt(raw.Attrs.Generation, 10)
	},
	listToken: func(o *blob.ListObject) string {
		var attrs storage.ObjectAttrs
		if !o.As(&attrs) {
			return ""
		}
		return strconv.FormatInt(attrs.Generation, 10)
	},
	ifReplacing: ifGeneration,
	ifDeleting:  ifGeneration,
	status: func(err error) int {
		var api *googleapi.Error
		if !errors.As(err, &api) {
			return 0
		}
		return api.Code
	},
	noBucket: func(err error) bool { return errors.Is(err, storage.ErrBucketNotExist) },
}

func ifGeneration(token string, as func(any) bool) error {
	generation, err := strconv.ParseInt(token, 10, 64)
	if err != nil || generation == 0 {
		generation = math.MaxInt64 // no object has this generation; 0 would mean no condition
	}
	var handle **storage.ObjectHandle
	if !as(&handle) {
		return errNoConditions
	}
	*handle = (*handle).If(storage.Conditions{GenerationMatch: generation})
	return nil
}

package bucket

import (
	"context"
	"net/url"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// quietCredentials returns the credentials that gocloud finds for the parameters of a URL,
// from clients that do not write to standard error on their own, as the one that asks a
// machine's metadata does.
func quietCredentials(ctx context.Context, q url.Values, options s3.Options) (aws.CredentialsProvider, error) {
	if anonymous, _ := strconv.ParseBool(q.Get("anonymous")); anonymous {
		return options.Credentials, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}),
		config.WithRegion(options.Region), config.WithSharedConfigProfile(q.Get("profile")))
	if err != nil {
		return nil, err
	}
	if role := q.Get("role"); role != "" {
		return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role)), nil
	}
	return cfg.Credentials, nil
}

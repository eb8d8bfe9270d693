#!/usr/bin/env bash
# Buckets, tables and queues. LocalStack runs this at each of its starts, because it keeps nothing over a restart;
# what is there already stays as it is.
set -euo pipefail
bucket=newscience-article-bodies
table=newscience-articles
queue=newscience-intents

awslocal s3api head-bucket --bucket "$bucket" >/dev/null 2>&1 ||
  awslocal s3api create-bucket --bucket "$bucket" >/dev/null

awslocal dynamodb describe-table --table-name "$table" >/dev/null 2>&1 ||
  awslocal dynamodb create-table --table-name "$table" --billing-mode PAY_PER_REQUEST \
    --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH >/dev/null

# A queue of that name and these attributes is simply given back.
awslocal sqs create-queue --queue-name "$queue-dead-letters" >/dev/null
dead="$(awslocal sqs get-queue-attributes --queue-url "$(awslocal sqs get-queue-url --queue-name "$queue-dead-letters" --query QueueUrl --output text)" \
  --attribute-names QueueArn --query Attributes.QueueArn --output text)"
awslocal sqs create-queue --queue-name "$queue" \
  --attributes "{\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"$dead\\\",\\\"maxReceiveCount\\\":\\\"5\\\"}\"}" >/dev/null

echo "Bucket $bucket, table $table and queue $queue are there."

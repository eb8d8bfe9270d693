import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';
import { publicJwkSchema } from './key-sql.ts';
import {
  credentialsSchema,
  deletionSchema,
  passwordChangeSchema,
  registrationSchema,
  roleChangeSchema,
  roleSchema,
  searchedEmail,
} from './schemas.ts';

const account = z
  .strictObject({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role: roleSchema,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Account' });
const token = z
  .strictObject({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int().meta({ description: 'Seconds' }),
  })
  .meta({ id: 'AccessToken' });
const rotation = z
  .strictObject({ kid: z.string(), signsFrom: z.iso.datetime(), created: z.boolean() })
  .meta({ id: 'KeyRotation' });

export const accountPath = z.strictObject({ id: z.uuid() });
export const accountList = z.strictObject({
  email: searchedEmail.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(512).optional(),
});

const signedIn = ['bearer', 'session'] as const;
const tags = ['accounts'];

export const register = defineOperation({
  method: 'post',
  path: '/api/v1/accounts',
  operationId: 'register',
  summary: 'Make a reader account',
  description:
    'The answer is the same whether the mail address was free or already has an account, which then stays as it is.',
  tags,
  body: registrationSchema,
  responses: {
    202: {
      description: 'Accepted: log in at POST /api/v1/tokens',
      schema: z.strictObject({ status: z.literal('accepted'), detail: z.string() }),
    },
    429: 'account_attempts_exceeded',
    503: ['account_busy', 'unavailable'],
  },
});

export const issueToken = defineOperation({
  method: 'post',
  path: '/api/v1/tokens',
  operationId: 'issueToken',
  summary: 'Log in for a bearer token of 15 minutes',
  tags,
  body: credentialsSchema,
  responses: {
    200: { description: 'The token', schema: token },
    401: 'account_credentials_wrong',
    429: 'account_attempts_exceeded',
    503: ['account_busy', 'unavailable'],
  },
});

export const getMe = defineOperation({
  method: 'get',
  path: '/api/v1/me',
  operationId: 'getMe',
  summary: 'The own account',
  tags,
  security: signedIn,
  responses: {
    200: { description: 'The account', schema: account },
  },
});

export const changePassword = defineOperation({
  method: 'post',
  path: '/api/v1/me/password',
  operationId: 'changePassword',
  summary: 'Change the password; all other sessions and tokens of the account end',
  tags,
  security: signedIn,
  body: passwordChangeSchema,
  responses: {
    200: { description: 'A new token in place of those that ended', schema: token },
    403: 'account_password_wrong',
    429: 'account_attempts_exceeded',
    503: ['account_busy', 'unavailable'],
  },
});

export const deleteMe = defineOperation({
  method: 'delete',
  path: '/api/v1/me',
  operationId: 'deleteMe',
  summary: 'Delete the own account: comments stay without a name, articles stay',
  tags,
  security: signedIn,
  body: deletionSchema,
  responses: {
    204: { description: 'Gone' },
    403: 'account_password_wrong',
    409: 'account_last_operator',
    429: 'account_attempts_exceeded',
    503: ['account_busy', 'unavailable'],
  },
});

export const listAccounts = defineOperation({
  method: 'get',
  path: '/api/v1/accounts',
  operationId: 'listAccounts',
  summary: 'All accounts, oldest first (operator)',
  tags,
  security: signedIn,
  query: accountList,
  responses: {
    200: {
      description: 'A page of accounts',
      schema: z.strictObject({ items: z.array(account), nextCursor: z.string().nullable() }),
    },
    400: ['validation_failed', 'cursor_invalid'],
  },
});

export const changeRole = defineOperation({
  method: 'put',
  path: '/api/v1/accounts/{id}/role',
  operationId: 'changeRole',
  summary: 'Give an account another role (operator)',
  tags,
  security: signedIn,
  params: accountPath,
  body: roleChangeSchema,
  responses: {
    200: { description: 'The account', schema: account },
    404: 'account_not_found',
    409: 'account_last_operator',
  },
});

export const rotateSigningKey = defineOperation({
  method: 'post',
  path: '/api/v1/signing-keys/rotations',
  operationId: 'rotateSigningKey',
  summary: 'Publish a new signing key (operator)',
  description:
    'It signs from `signsFrom`. With a rotation under way that one is the answer and `created` is false.',
  tags,
  security: signedIn,
  responses: {
    200: { description: 'A rotation was under way already', schema: rotation },
    201: { description: 'The new key', schema: rotation },
  },
});

export const getJwks = defineOperation({
  method: 'get',
  path: '/.well-known/jwks.json',
  operationId: 'getJwks',
  summary: 'The public keys that tokens are verified with',
  tags,
  responses: {
    200: {
      description: 'A JSON Web Key Set',
      schema: z.strictObject({ keys: z.array(publicJwkSchema) }),
    },
  },
});

export const acctOperations = [
  register,
  issueToken,
  getMe,
  changePassword,
  deleteMe,
  listAccounts,
  changeRole,
  rotateSigningKey,
  getJwks,
];

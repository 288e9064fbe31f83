import { z } from 'zod'

const password = z.string().max(1024).describe('At least 8 characters')
const email = z.string().max(320)
const name = z.string().max(256).describe('To show to people')

/** What users may change of themselves. */
export const ownFields = z.object({ password: password.optional(), email: email.optional(), name: name.optional() })

/** What admins may change of users. */
export const userFields = ownFields.extend({
  user_group: z.enum(['admin', 'user']).optional(),
  enabled: z.boolean().optional(),
})

/** A new user. Members of the original that are not kept here are taken and ignored. */
export const newUserFields = userFields.extend({
  username: z.string().min(1).max(256),
  password,
  user_group: z.enum(['admin', 'user']).default('user'),
})

/** A user as the API shows it; `guid` is the name. */
export const shownUser = z.object({
  guid: z.string(),
  username: z.string(),
  name: z.string(),
  email: z.string(),
  enabled: z.boolean(),
  user_group: z.enum(['admin', 'user']),
  external_auth: z.boolean().describe('Logs in at the OpenID provider'),
})

import DataPlaneCore
import PostgresKit

/// A flow that has left for a provider.
struct ExternalFlow: Sendable, Equatable {
    var id: String
    var provider: String
    /// Where the user goes afterwards; judged again when it is used.
    var target: String
    /// Given out at the end; nil in the implicit flow.
    var authCode: String?
    var inviteHash: String?
    /// The user who gets the identity.
    var linkingUser: String?
    var isEmailOptional: Bool
    /// Request token and secret of OAuth 1.0a, sealed.
    var sealedRequest: String?
}

extension AuthStore {
    /// Records a flow before its user leaves.
    func insertExternalFlow(_ flow: ExternalFlow, challenge: CodeChallenge?) async throws(PostgresError) {
        if let sealed = flow.sealedRequest {
            try await session.execute(
                """
                INSERT INTO auth.oauth_client_states (id, provider_type, code_verifier, created_at)
                VALUES ($1, $2, $3, now())
                """, [.text(flow.id), .text(flow.provider), .text(sealed)])
        }
        try await session.execute(
            """
            INSERT INTO auth.flow_state (id, auth_code, code_challenge_method, code_challenge, provider_type,
              authentication_method, invite_token, referrer, oauth_client_state_id, linking_target_id, email_optional,
              created_at, updated_at)
            VALUES ($1, $2, $3::text::auth.code_challenge_method, $4, $5, 'oauth', $6, $7, $8::uuid, $9::uuid, $10,
              now(), now())
            """,
            [
                .text(flow.id), .optional(flow.authCode), .optional(challenge?.method.rawValue),
                .optional(challenge?.text), .text(flow.provider), .optional(flow.inviteHash), .text(flow.target),
                .optional(flow.sealedRequest == nil ? nil : flow.id), .optional(flow.linkingUser),
                .bool(flow.isEmailOptional),
            ])
    }

    /// Takes a flow when its user comes back: a second callback finds it taken.
    func takeExternalFlow(id: String) async throws(PostgresError) -> ExternalFlow? {
        let row = try await session.first(
            """
            UPDATE auth.flow_state f SET auth_code_issued_at = now(), updated_at = now()
            WHERE f.id = $1 AND f.authentication_method = 'oauth' AND f.auth_code_issued_at IS NULL
            RETURNING f.provider_type, f.referrer, f.auth_code, f.invite_token, f.linking_target_id::text AS target,
              f.email_optional,
              (SELECT s.code_verifier FROM auth.oauth_client_states s WHERE s.id = f.oauth_client_state_id) AS request
            """, [.text(id)])
        guard let row else { return nil }
        return ExternalFlow(
            id: id, provider: try row.string("provider_type"), target: try row.optionalString("referrer") ?? "",
            authCode: try row.optionalString("auth_code"), inviteHash: try row.optionalString("invite_token"),
            linkingUser: try row.optionalString("target"), isEmailOptional: try row.bool("email_optional"),
            sealedRequest: try row.optionalString("request"))
    }

    func hasFlow(id: String) async throws(PostgresError) -> Bool {
        try await session.first("SELECT 1 AS one FROM auth.flow_state WHERE id = $1", [.text(id)]) != nil
    }

    /// Gives a flow its user, from when on its code can be exchanged, and what the provider gave, sealed.
    func finishExternalFlow(
        id: String, user: String, access: String?, refresh: String?
    ) async throws(PostgresError) {
        try await session.execute(
            """
            UPDATE auth.flow_state SET user_id = $2, provider_access_token = $3, provider_refresh_token = $4,
              auth_code_issued_at = now(), updated_at = now()
            WHERE id = $1
            """, [.text(id), .text(user), .optional(access), .optional(refresh)])
    }

    // MARK: Accounts

    /// What decides about the account of a profile. Rows of SSO users and their identities stay apart.
    func linkingFacts(
        _ profile: ExternalProfile, provider: String, audience: String
    ) async throws(PostgresError) -> AccountLinking.Facts {
        let owner = try await session.first(
            "SELECT user_id::text AS owner FROM auth.identities WHERE provider = $1 AND provider_id = $2",
            [.text(provider), .text(profile.subject)])
        if let owner { return AccountLinking.Facts(owner: try owner.string("owner")) }
        let rows = try await session.query(
            """
            SELECT u.id::text AS owner FROM auth.users u
            WHERE u.instance_id = '\(Self.instance)' AND u.aud = $2 AND NOT u.is_sso_user
              AND (lower(u.email) = ANY ($1::text[]) OR EXISTS (SELECT FROM auth.identities i
                WHERE i.user_id = u.id AND i.email = ANY ($1::text[]) AND i.provider NOT LIKE 'sso:%'
                  AND i.identity_data ->> 'email_verified' = 'true'))
            ORDER BY u.created_at, u.id LIMIT 2
            """, [.textArray(profile.verifiedAddresses), .text(audience)])
        var facts = AccountLinking.Facts()
        for row in rows { facts.ownersOfVerified.append(try row.string("owner")) }
        if facts.ownersOfVerified.isEmpty, let candidate = profile.candidate {
            facts.isCandidateTaken = try await isEmailTaken(candidate.address, audience: audience)
        }
        return facts
    }

    /// Makes the identity, which must not be there yet.
    func insertIdentity(
        user: String, provider: String, providerID: String, data: JSONText
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at,
              updated_at)
            VALUES ($1, $2, $3, $4, now(), now(), now())
            """,
            [.text(providerID), .text(user), .text(data.text), .text(provider)])
    }

    func updateIdentity(provider: String, providerID: String, data: JSONText) async throws(PostgresError) {
        try await session.execute(
            """
            UPDATE auth.identities SET identity_data = $3, last_sign_in_at = now(), updated_at = now()
            WHERE provider = $1 AND provider_id = $2
            """, [.text(provider), .text(providerID), .text(data.text)])
    }
}

package import HTTPTypes
package import Identity
package import ProjectModel

/// Who may use a route. Every route states it, so that none is open by omission.
package enum Access: Sendable, Equatable {
    /// Every caller, without a token.
    case open
    /// Every signed-in caller, for its own data.
    case signedIn
    /// Signed-in callers with a credential for the whole account: not with a scoped token, which must not reach beyond
    /// its scope.
    case wholeAccount
    /// Signed-in callers in a session: no access token is enough.
    case session
    /// Callers with the permission in the organization that administers the installation.
    case installation(Permission)
    /// Callers with one of the permissions: in the project or organization that the path names, and where it names
    /// none, by their credential alone. The handler then limits itself to what they see.
    case anyOf([Permission])

    /// Callers with the permission.
    package static func permission(_ permission: Permission) -> Access { .anyOf([permission]) }
}

extension Principal {
    /// Refuses callers without any of them: 404 for an organization that they do not see, 403 otherwise.
    package func require(_ permissions: [Permission], in organization: String, project: ProjectRef? = nil)
        throws(APIError)
    {
        guard isVisible(organization, project) else {
            if let project { throw .noProject(project) }
            throw .noOrganization(organization)
        }
        let granted = self.permissions(in: organization, project: project)
        guard permissions.contains(where: granted.contains) else { throw .lacking(permissions) }
    }

    /// Refuses a credential that does not stand for the whole account.
    package func requireWholeAccount() throws(APIError) {
        guard case .scopedToken = credential else { return }
        throw APIError(
            .forbidden, "a scoped access token cannot do this: sign in, or use a personal access token")
    }

    /// Refuses every access token.
    package func requireSession() throws(APIError) {
        guard case .session = credential else {
            throw APIError(
                .forbidden, "an access token cannot change how its account is entered: sign in and do it there")
        }
    }

    /// Refuses a credential that allows none of it anywhere.
    package func require(_ permissions: [Permission]) throws(APIError) {
        guard permissions.contains(where: ceiling.contains) else { throw .lacking(permissions) }
    }

    private func isVisible(_ organization: String, _ project: ProjectRef?) -> Bool {
        guard sees(organization: organization) else { return false }
        guard let project else { return true }
        return visibleProjects(in: organization)?.contains(project) ?? true
    }
}

extension APIError {
    /// 404 for an organization.
    package static func noOrganization(_ slug: String) -> APIError {
        APIError(
            .notFound, "there is no organization \"\(slug.prefix(organizationSlugShown))\" that you are a member of")
    }

    /// Characters of an unknown slug that an error repeats.
    private static let organizationSlugShown = 64

    fileprivate static func lacking(_ permissions: [Permission]) -> APIError {
        let names = permissions.map(\.rawValue).joined(separator: " or ")
        return APIError(.forbidden, "you lack the permission \(names) here: ask an owner of the organization for it")
    }
}

/// The token of `Authorization: Bearer TOKEN`.
package func bearerToken(in headers: HTTPFields) throws(APIError) -> Secret<String> {
    let values = headers[values: .authorization]
    guard let value = values.first else {
        throw .unauthorized("an access token is needed: send the header Authorization: Bearer sbp_…")
    }
    let words = value.split(separator: " ", omittingEmptySubsequences: true)
    guard values.count == 1, words.count == 2, words[0].lowercased() == "bearer" else {
        throw .unauthorized("the Authorization header must read: Bearer, one space, and the access token")
    }
    return Secret(String(words[1]))
}

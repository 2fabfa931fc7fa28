import APIKit
import HTTPTypes
import Identity
import ProjectModel

extension TokenLimits {
    /// Refuses limits wider than the maker's own: 404 for organizations that the maker does not see, 403 otherwise.
    func check(for maker: Principal) throws(APIError) {
        for slug in (organizationSlugs ?? []).sorted() where !maker.sees(organization: slug) {
            throw .noOrganization(slug)
        }
        let excess = permissions.subtracting(maker.grantable).map(\.rawValue).sorted()
        guard excess.isEmpty else {
            throw APIError(.forbidden, "you cannot give a token what you may not do: \(excess.joined(separator: ", "))")
        }
        guard case .scopedToken(let scope) = maker.credential else { return }
        guard Self.isPart(organizationSlugs, of: scope.organizationSlugs),
            Self.isPart(projectRefs, of: scope.projectRefs)
        else {
            throw APIError(
                .forbidden,
                "a scoped access token cannot make one that reaches further: "
                    + "name organization_slugs and project_refs within its own")
        }
    }

    /// Whether a limit is as narrow as another; nil is no limit.
    private static func isPart<Name>(_ part: Set<Name>?, of whole: Set<Name>?) -> Bool {
        guard let whole else { return true }
        return part?.isSubset(of: whole) ?? false
    }
}

extension Principal {
    /// What they may do anywhere: the most that a token of theirs can be given.
    var grantable: Set<Permission> {
        let granted = memberships.flatMap(\.roles).reduce(into: Set<Permission>.everybody) {
            $0.formUnion($1.base.permissions)
        }
        return granted.intersection(ceiling)
    }
}

extension Set<Permission> {
    /// What an account may without being a member anywhere.
    fileprivate static let everybody: Set<Permission> = [.organizationsCreate, .organizationsRead, .projectsRead]
}

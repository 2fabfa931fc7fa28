import APIKit
import FeatureKit
import Identity
import ProjectModel

/// One row of Studio's own permission system: these actions on these things, in an organization or in some of its
/// projects. `%` stands for anything.
struct StudioPermission: EncodableBody, Equatable {
    let actions: [String]
    let resources: [String]
    let organizationSlug: String
    let organizationID: Int64
    /// Empty for the whole organization.
    let projectRefs: [String]

    static func == (left: StudioPermission, right: StudioPermission) -> Bool {
        left.actions == right.actions && left.resources == right.resources
            && left.organizationSlug == right.organizationSlug && left.organizationID == right.organizationID
            && left.projectRefs == right.projectRefs
    }

    static let shape = BodyShape<Self>(
        "StudioPermission",
        [
            .init("actions", of: \.actions),
            .init("resources", of: \.resources),
            .null("condition", .map(.anything)),
            .constant("restrictive", false),
            .init("organization_slug", of: \.organizationSlug),
            .init("organization_id", of: \.organizationID),
            .init("project_refs", .array(.ref), of: \.projectRefs),
            .null("project_ids", .array(.integer())),
        ])
}

/// Maps permissions to the rows by which Studio shows and hides its buttons. The routes' own checks decide; the rows
/// only keep Studio from offering what would be refused.
enum StudioPermissions {
    /// The rows of a principal: for each organization those that count everywhere in it, then those of single projects.
    static func rows(for principal: Principal) -> [StudioPermission] {
        principal.organizationSlugs.flatMap { rows(for: principal, in: $0) }
    }

    private static func rows(for principal: Principal, in slug: String) -> [StudioPermission] {
        let everywhere = principal.permissions(in: slug)
        var projects: [Set<Permission>: [ProjectRef]] = [:]
        for ref in principal.namedProjects(in: slug) {
            let granted = principal.permissions(in: slug, project: ref)
            // Studio takes the rows of a project instead of those of the organization, where both match.
            if granted != everywhere { projects[granted, default: []].append(ref) }
        }
        let number = principal.number(ofOrganization: slug)
        let groups = projects.map { ($0.key, $0.value.map(\.text).sorted()) }
            .sorted { $0.1.lexicographicallyPrecedes($1.1) }
        return ([(everywhere, [])] + groups).flatMap { granted, refs in
            rows(granting: granted).map { actions, resources in
                StudioPermission(
                    actions: actions, resources: resources, organizationSlug: slug, organizationID: number,
                    projectRefs: refs)
            }
        }
    }

    /// What a set of permissions is in Studio's words. Everything is one row; otherwise there is a row for each group
    /// of things.
    static func rows(granting permissions: Set<Permission>) -> [(actions: [String], resources: [String])] {
        guard permissions != Set(Permission.allCases) else { return [(["%"], ["%"])] }
        var actions: [[String]: Set<String>] = [:]
        for grant in permissions.flatMap(StudioGrant.grants) {
            actions[grant.resources, default: []].formUnion(grant.actions)
        }
        return actions.map { ($0.value.sorted(), $0.key) }
            .sorted { $0.resources.lexicographicallyPrecedes($1.resources) }
    }
}

extension Principal {
    /// The projects of an organization that their roles or their token name one by one.
    fileprivate func namedProjects(in slug: String) -> Set<ProjectRef> {
        let named = memberships.filter { $0.organizationSlug == slug }.flatMap(\.roles).flatMap(\.projects)
        guard let visible = visibleProjects(in: slug) else { return Set(named) }
        return visible
    }
}

package import APIKit
package import Identity
package import Orchestrator
package import ProjectModel

extension APIRequest {
    /// Number of a project's organization.
    package func organizationNumber(of record: ProjectRecord) throws(APIError) -> Int64 {
        try caller().number(ofOrganization: record.organizationSlug)
    }
}

extension Principal {
    /// Number of an organization that they are a member of.
    package func number(ofOrganization slug: String) -> Int64 {
        memberships.first { $0.organizationSlug == slug }?.organizationNumber ?? 0
    }

    /// The projects of one organization that they see, as a list asks for them.
    package func projectVisibility(in slug: String) -> ProjectQuery.Visibility {
        guard sees(organization: slug) else { return ProjectQuery.Visibility(organizations: []) }
        guard let refs = visibleProjects(in: slug) else { return ProjectQuery.Visibility(organizations: [slug]) }
        return ProjectQuery.Visibility(organizations: [], projects: [slug: refs])
    }

    /// Those of some projects that they see, as a list asks for them.
    package func visibility(of refs: Set<ProjectRef>) -> ProjectQuery.Visibility {
        var visibility = ProjectQuery.Visibility(organizations: [])
        for slug in organizationSlugs {
            visibility.projects[slug] = visibleProjects(in: slug)?.intersection(refs) ?? refs
        }
        return visibility
    }

    /// The projects that they see, as a list asks for them.
    package var projectVisibility: ProjectQuery.Visibility {
        var visibility = ProjectQuery.Visibility(organizations: [])
        for slug in organizationSlugs {
            if let refs = visibleProjects(in: slug) {
                visibility.projects[slug] = refs
            } else {
                visibility.organizations.insert(slug)
            }
        }
        return visibility
    }
}

extension ProjectCatalog {
    /// Most projects in a response about all of an account's projects.
    package static let allProjectsMax = 10_000

    /// All projects that an account sees, the oldest first, up to ``allProjectsMax``.
    package func all(seenBy visibility: ProjectQuery.Visibility) async throws -> [ProjectRecord] {
        var query = ProjectQuery(sort: .createdAscending)
        query.visibility = visibility
        var records: [ProjectRecord] = []
        while records.count < Self.allProjectsMax {
            query.offset = records.count
            let page = try await projects(query)
            records += page.projects
            guard !page.projects.isEmpty, records.count < page.count else { break }
        }
        return records
    }
}

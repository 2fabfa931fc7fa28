package import APIKit
import HTTPTypes
package import Orchestrator
import ProjectModel

/// The query of every list of projects: pages, order, search and statuses.
package enum ProjectListQuery {
    /// Longest accepted search text in bytes.
    package static let searchLengthMax = 256

    package static let parameters: [Operation.Parameter] = [
        .limit, .offset,
        Operation.Parameter(
            name: "sort", schema: .choice(ProjectQuery.Sort.allCases.map(\.rawValue)), description: "Order"),
        Operation.Parameter(
            name: "search", schema: .text(0...searchLengthMax), description: "Part of the name or the ref"),
        Operation.Parameter(
            name: "statuses", schema: .array(.projectStatus),
            description: "Statuses to list: separated by commas, or repeated"),
    ]

    /// Reads the query; 400 for an invalid one.
    package static func parse(_ query: QueryParameters) throws(APIError) -> ProjectQuery {
        var result = ProjectQuery()
        result.limit = try query.number("limit", in: 1...ProjectQuery.limitMax, default: ProjectQuery.limitMax)
        result.offset = try query.number("offset", in: 0...Int(Int32.max), default: 0)
        if let text = query["sort"] {
            guard let sort = ProjectQuery.Sort(rawValue: text) else {
                let known = ProjectQuery.Sort.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.badRequest, "sort must be one of \(known)")
            }
            result.sort = sort
        }
        if let search = query["search"], !search.isEmpty {
            guard search.utf8.count <= searchLengthMax, !search.utf8.contains(0) else {
                throw APIError(.badRequest, "search must be at most \(searchLengthMax) bytes of text")
            }
            result.search = search
        }
        result.statuses = try statuses(query)
        return result
    }

    /// The internal statuses that the API shows as one of the requested ones.
    private static func statuses(_ query: QueryParameters) throws(APIError) -> Set<ProjectStatus>? {
        guard let texts = query.list("statuses") else { return nil }
        var wanted: Set<StudioStatus> = []
        for text in texts {
            guard let status = StudioStatus(rawValue: text) else {
                throw APIError(.badRequest, "statuses must be a list of project statuses, for example ACTIVE_HEALTHY")
            }
            wanted.insert(status)
        }
        return Set(ProjectStatus.allCases.filter { wanted.contains($0.studioStatus) })
    }
}

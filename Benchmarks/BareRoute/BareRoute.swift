import Foundation
import Hummingbird

/// What the manager's API is measured against: Hummingbird with one JSON route and nothing else. It answers the body
/// that it is given, as its typed values: encoded for each request, as a route of any Hummingbird program would.
@main
struct BareRoute {
    /// A project as the manager's list has it.
    struct Project: Codable, Sendable {
        let id: Int
        let ref: String
        let name: String
        let status: String
        let region: String
        let cloud_provider: String
        let organization_id: Int
        let organization_slug: String
        let inserted_at: String
        let subscription_id: String?
        let is_branch_enabled: Bool
        let is_physical_backups_enabled: Bool
        let preview_branch_refs: [String]
    }

    struct Pagination: Codable, Sendable {
        let count: Int
        let limit: Int
        let offset: Int
    }

    struct Page: ResponseCodable, Sendable {
        let pagination: Pagination
        let projects: [Project]
    }

    /// Most projects of a page.
    static let pageMax = 100

    /// Usage: `bare-route PORT FILE`, where the file holds all projects in the form of `GET /platform/projects`.
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[1]) else {
            FileHandle.standardError.write(Data("usage: bare-route PORT FILE\n".utf8))
            exit(64)
        }
        let all = try JSONDecoder().decode(
            Page.self, from: Data(contentsOf: URL(filePath: CommandLine.arguments[2])))
        let page = Page(pagination: all.pagination, projects: Array(all.projects.prefix(pageMax)))
        let router = Router()
        router.get("/all") { _, _ in all }
        router.get("/projects") { _, _ in page }
        router.get("/project") { _, _ in
            Page(pagination: page.pagination, projects: Array(page.projects.prefix(1)))
        }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)))
        try await application.run()
    }
}

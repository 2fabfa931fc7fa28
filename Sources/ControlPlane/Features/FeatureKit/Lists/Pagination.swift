package import APIKit
package import Orchestrator

/// The position of a page in its list.
package struct Pagination: Encodable, Sendable, Documented {
    package let count: Int
    package let limit: Int
    package let offset: Int

    package static let schema = Schema.named(
        "Pagination", .fields(.init("count", .integer()), .init("limit", .integer()), .init("offset", .integer())))

    package init(_ page: ProjectPage, _ query: ProjectQuery) {
        count = page.count
        limit = query.limit
        offset = query.offset
    }
}

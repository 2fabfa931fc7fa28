package import APIKit
package import Orchestrator

/// The position of a page in its list.
package struct Pagination: EncodableBody {
    private let page: ProjectPage
    private let query: ProjectQuery

    package static let shape = BodyShape<Self>(
        "Pagination",
        [
            .init("count", of: \.page.count),
            .init("limit", of: \.query.limit),
            .init("offset", of: \.query.offset),
        ])

    package init(_ page: ProjectPage, _ query: ProjectQuery) {
        self.page = page
        self.query = query
    }
}

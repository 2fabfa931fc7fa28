package import APIKit
package import Orchestrator
package import SnippetModel

/// Snippets and reports: kept for an account or for everybody in a project.
package struct SnippetsFeature: Sendable {
    private let catalog: ProjectCatalog
    private let content: any ContentStore
    private let time: any TimeSource

    package init(catalog: ProjectCatalog, content: any ContentStore, time: any TimeSource) {
        self.catalog = catalog
        self.content = content
        self.time = time
    }

    package var routes: [Route] {
        ContentController(content: content, time: time).routes
            + ContentFoldersController(content: content).routes
            + V1SnippetsController(catalog: catalog, content: content).routes
    }
}

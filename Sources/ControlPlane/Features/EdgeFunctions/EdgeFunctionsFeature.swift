package import APIKit
package import FunctionModel
package import Orchestrator

/// Edge Functions and the secrets that they read.
package struct EdgeFunctionsFeature: Sendable {
    private let catalog: ProjectCatalog
    private let functions: FunctionCatalog

    package init(catalog: ProjectCatalog, functions: FunctionCatalog) {
        self.catalog = catalog
        self.functions = functions
    }

    package var routes: [Route] {
        FunctionsController(catalog: catalog, functions: functions).routes
            + FunctionSecretsController(catalog: catalog).routes
    }
}

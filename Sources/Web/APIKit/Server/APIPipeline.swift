package import Clients

/// Routes with everything that a request passes on its way to them. It holds no socket; ``APIServer`` puts it on one.
package struct APIPipeline: Sendable {
    package let routes: RouteTable
    package let authorizer: Authorizer
    package let mutations: MutationRunner
    package let parser = BodyParser()
    package let cors: CORSPolicy
    package let proxies: TrustedProxies
    package let metrics: RequestMetrics
    /// Pages for browsers.
    package let site: BrowserSite?

    package init(
        routes: RouteTable, authorizer: Authorizer, mutations: MutationRunner, cors: CORSPolicy,
        proxies: TrustedProxies, metrics: RequestMetrics, site: BrowserSite? = nil
    ) {
        self.routes = routes
        self.site = site
        var authorizer = authorizer
        authorizer.browsers = site?.gate
        self.authorizer = authorizer
        self.mutations = mutations
        self.cors = cors
        self.proxies = proxies
        self.metrics = metrics
    }
}

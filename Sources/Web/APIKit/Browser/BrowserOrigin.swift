package import HTTPTypes

/// Whether a request of a browser comes from a page of this manager. Asked for every request that may change something.
package struct BrowserOrigin: Sendable, Equatable {
    /// Scheme, host and port at which browsers reach the manager, as they write it.
    package let publicOrigin: String

    package init(publicOrigin: String) { self.publicOrigin = publicOrigin }

    /// Whether the page that sent a request is one of ours.
    ///
    /// A browser says so twice: by `Sec-Fetch-Site`, and by `Origin`, which must be the public origin or name the host
    /// that the request was sent to. A request with neither is not a browser's, and programs have tokens.
    package func isOwn(_ headers: HTTPFields, authority: String?) -> Bool {
        let site = headers[values: .fetchSite]
        guard site.isEmpty || site == ["same-origin"] else { return false }
        let origins = headers[values: .origin]
        guard let origin = origins.first else { return !site.isEmpty }
        guard origins.count == 1 else { return false }
        // A proxy may end HTTPS: the request has the host of the page, and not its scheme.
        return origin == publicOrigin
            || ["http", "https"].contains { scheme in origin == authority.map { "\(scheme)://\($0)" } }
    }

    /// 403 for a request of another site's page.
    package static let refusal = APIError(
        .forbidden, "this request was sent by a page of another site, or by none: open the dashboard and do it there")
}

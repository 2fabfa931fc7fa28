package import APIKit
package import FeatureKit
package import Identity
import ProjectModel

/// The manager's own pages for browsers. They show and do what the API's routes do for their caller; of its own the
/// dashboard has sign-in, the first run, and the list of sessions.
package struct DashboardFeature: Sendable {
    private let files: DashboardFiles
    private let directory: AccountDirectory
    private let trail: SessionTrail
    private let settings: DashboardSettings
    private let poll: SharedPoll
    private let compression: PageCompression
    private let assets: StaticAssets

    /// The path below which all pages are.
    package static let path = "/dashboard"

    /// - Parameters:
    ///   - trail: Stores sign-ins in the audit trail.
    ///   - poll: Names the present state of all projects; nil where the store has no name for it.
    ///   - digest: SHA-256 in hex, of which assets are named.
    ///   - compression: Makes gzip streams.
    /// - Throws: ``DashboardFiles/Problem`` for files that cannot be used.
    package init(
        files: DashboardFiles, directory: AccountDirectory, trail: SessionTrail, settings: DashboardSettings,
        poll: SharedPoll, digest: ([UInt8]) throws -> String, compression: PageCompression
    ) throws {
        self.poll = poll
        self.compression = compression
        self.files = files
        self.directory = directory
        self.trail = trail
        self.settings = settings
        assets = try StaticAssets(
            files.assets, base: "\(Self.path)/assets", digest: digest, compress: compression.file)
    }

    /// The pages on top of an API.
    package func site(on calls: InternalCalls) -> BrowserSite {
        let gate = BrowserGate(
            sessions: DirectoryBrowserSessions(directory: directory),
            cookie: SessionCookie(isSecure: settings.publicURL.hasPrefix("https://"), path: Self.path),
            origin: BrowserOrigin(publicOrigin: settings.publicURL))
        let pages = Pages(templates: files.pages, assets: assets, gate: gate)
        let entry = EntryRoutes(pages: pages, directory: directory, trail: trail)
        let frame = ProjectPages(pages: pages, calls: calls)
        let sql = ProjectSQL(calls: calls)
        let routes =
            entry.routes + [assets.route]
            + ProjectListRoutes(pages: pages, calls: calls, poll: poll).routes
            + NewProjectRoutes(pages: pages, calls: calls, stacks: settings.stacks).routes
            + ProjectRoutes(pages: pages, calls: calls).routes
            + LifecycleRoutes(pages: pages, calls: calls).routes
            + LogRoutes(pages: pages, calls: calls).routes
            + DataRoutes(frame: frame, sql: sql).routes
            + TableRoutes(frame: frame, sql: sql).routes
            + RowRoutes(frame: frame, sql: sql).routes
            + SQLRoutes(frame: frame, sql: sql).routes
            + UserRoutes(frame: frame, sql: sql).routes
            + StorageRoutes(frame: frame).routes
            + UsageRoutes(frame: frame).routes
            + SettingsRoutes(frame: frame).routes
            + InstallationRoutes(pages: pages, calls: calls).routes
            + AccountRoutes(pages: pages, calls: calls, directory: directory).routes
            + OrganizationRoutes(pages: pages, calls: calls).routes
            + NotificationRoutes(pages: pages, calls: calls).routes
        return BrowserSite(
            path: Self.path, routes: routes, gate: gate, compression: compression, refusalPage: pages.refusal)
    }
}

/// What an installation decides about its dashboard.
package struct DashboardSettings: Sendable {
    /// Scheme, host and port at which browsers reach the manager.
    package var publicURL: String
    /// Names of the stacks that projects can be made of; the default first.
    package var stacks: [String]

    package init(publicURL: String, stacks: [String]) {
        self.publicURL = publicURL
        self.stacks = stacks
    }
}

/// Sessions of cookies in the directory.
struct DirectoryBrowserSessions: BrowserSessions {
    let directory: AccountDirectory

    func principal(ofCookie secret: Secret<String>) async throws(AccessTokenError) -> Principal? {
        do throws(IdentityError) { return try await directory.browser(withCookie: secret) } catch {
            throw .unavailable("\(error)")
        }
    }

    func formToken(ofCookie secret: Secret<String>) throws(AccessTokenError) -> String {
        do throws(IdentityError) { return try directory.formToken(ofCookie: secret) } catch {
            throw .unavailable("\(error)")
        }
    }
}

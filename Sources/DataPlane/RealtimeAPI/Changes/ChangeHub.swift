import PostgresKit
import Synchronization

/// Reads the changes of a database while channels want them, and gives them out.
///
/// The replication and its slot exist only while a channel subscribes: an idle project keeps no log.
final class ChangeHub: Sendable {
    /// What a channel asks for.
    struct Request: Sendable {
        let channel: ChannelID
        let ticket: UInt64
        let bindings: [ChangeBinding]
        let claims: ChannelClaims
    }

    /// What the hub tells its service.
    struct Listener: Sendable {
        /// Whether a channel's changes arrive now: channel, ticket, whether they do not, and a text.
        var answer: @Sendable (Request, _ isError: Bool, String) -> Void
        var deliver: @Sendable (ChangeDelivery.Message) -> Void
        /// What operators must know.
        var report: @Sendable (String) -> Void
    }

    struct State: Sendable {
        var book = SubscriptionBook()
        /// Requests that are accepted and wait for the replication.
        var waiting: [ChannelID: Request] = [:]
        /// Requests that were answered, and are to learn when changes stop.
        var answered: [ChannelID: Request] = [:]
        /// Those of the waiting that know of it.
        var told: Set<ChannelID> = []
        var isLive = false
        var hasNewRoles = false
    }

    static let subscribedText = "Subscribed to PostgreSQL"

    let database: PostgresConnectionParameters
    let replication: PostgresReplication.Limits
    let catalog: ChangeCatalog
    let delivery: ChangeDelivery
    let clock: @Sendable () -> Double
    /// How often tables that are gone, or came back, are looked for.
    let reviewInterval: Duration
    let state = Mutex(State())
    let requests: AsyncStream<Request>
    private let requested: AsyncStream<Request>.Continuation
    /// Whether changes are wanted; the newest word counts.
    let demand: AsyncStream<Bool>
    let demanded: AsyncStream<Bool>.Continuation

    /// - Parameter clock: seconds since the epoch.
    init(
        database: PostgresConnectionParameters, replication: PostgresReplication.Limits = .init(),
        pool: PostgresPool, bytesMax: Int, reviewInterval: Duration = .seconds(30),
        clock: @escaping @Sendable () -> Double
    ) {
        self.database = database
        self.replication = replication
        self.reviewInterval = reviewInterval
        self.clock = clock
        catalog = ChangeCatalog(pool: pool)
        delivery = ChangeDelivery(catalog: catalog, bytesMax: bytesMax)
        (requests, requested) = AsyncStream.makeStream()
        (demand, demanded) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// A channel wants changes; one request of each channel counts, the last.
    func subscribe(_ request: Request) {
        state.withLock { state in
            state.book.want(request.channel, request.ticket)
            demanded.yield(true)
        }
        requested.yield(request)
    }

    func unsubscribe(_ channel: ChannelID) {
        state.withLock { state in
            state.book.forget(channel)
            state.waiting[channel] = nil
            state.answered[channel] = nil
            state.told.remove(channel)
            if state.book.isEmpty { demanded.yield(false) }
        }
    }

    /// Serves until the task is cancelled.
    func run(_ listener: Listener) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.acceptRequests(listener) }
            group.addTask { await self.replicateWhileWanted(listener) }
        }
    }

    // MARK: Requests

    /// Requests that are checked at once.
    private static let checksMax = 4
    private static let retryInterval: Duration = .seconds(5)

    private func acceptRequests(_ listener: Listener) async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await request in requests {
                if running == Self.checksMax {
                    await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { await self.accept(request, listener) }
            }
            group.cancelAll()
        }
    }

    private func accept(_ request: Request, _ listener: Listener) async {
        while !Task.isCancelled {
            do {
                var compiled: [SubscriptionBook.Compiled] = []
                for binding in request.bindings {
                    compiled.append(try await catalog.compile(try ChangeRequest(binding), for: request.claims))
                }
                return add(request, compiled, telling: listener)
            } catch let problem as ChangeProblem {
                return refuse(request, because: problem, telling: listener)
            } catch let error as PostgresError where error.isOfTheQuestion {
                return refuse(request, because: ChangeProblem(error), telling: listener)
            } catch {
                // The database is away: tried again for as long as the channel wants it.
                listener.report("a subscription could not be checked: \(error)")
                guard isWanted(request) else { return }
                do { try await Task.sleep(for: Self.retryInterval) } catch { return }
                guard isWanted(request) else { return }
            }
        }
    }

    private func isWanted(_ request: Request) -> Bool {
        state.withLock { $0.book.isWanted(request.channel, request.ticket) }
    }

    private func add(_ request: Request, _ compiled: [SubscriptionBook.Compiled], telling listener: Listener) {
        let answers = state.withLock { state -> Bool in
            let entry = SubscriptionBook.Entry(ticket: request.ticket, claims: request.claims, requests: compiled)
            guard state.book.add(request.channel, entry) else { return false }
            state.hasNewRoles = true
            if state.isLive {
                state.answered[request.channel] = request
            } else {
                state.waiting[request.channel] = request
            }
            return state.isLive
        }
        if answers { listener.answer(request, false, Self.subscribedText) }
    }

    private func refuse(_ request: Request, because problem: ChangeProblem, telling listener: Listener) {
        state.withLock { state in
            state.book.refuse(request.channel, request.ticket)
            if state.book.isEmpty { demanded.yield(false) }
        }
        listener.answer(request, true, Self.text(of: problem))
    }

    static func text(of problem: ChangeProblem) -> String {
        "Unable to subscribe to changes with the given parameters: \(problem.text)"
    }
}

import CCurl
import Glibc
import Locks

/// One thread that drives one libcurl multi handle.
///
/// Other threads only put commands into the inbox and wake the thread; everything that libcurl is asked to do happens
/// on it. The inbox is bounded: transfers by `capacity`, and each of them is cancelled or resumed a few times at most.
///
/// `@unchecked Sendable`: `multi` is a pointer that never changes. Off the loop's thread only `curl_multi_wakeup` uses
/// it, which libcurl allows, and only under the inbox's lock while the inbox is open; it closes before the clean-up.
final class TransferLoop: @unchecked Sendable {
    enum Command {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
        case setDeadline(Transfer, at: ContinuousClock.Instant)
    }

    /// How a loop stands, for observation and tests.
    struct Load: Equatable {
        var outstanding = 0
        var active = 0
    }

    fileprivate struct Inbox {
        var commands: [Command] = []
        var load = Load()
        var isOpen = true
        var thread: pthread_t?
        var closeWaiters: [CheckedContinuation<Void, Never>] = []
        var hasEnded = false
    }

    let connections: Int
    let limits: HTTPClientLimits
    let multi: UnsafeMutableRawPointer
    private let capacity: Int
    private let inbox = Lock(Inbox())

    /// Starts the thread.
    ///
    /// - Throws: `resourceExhausted` when libcurl or the system has no room for it.
    init(connections: Int, limits: HTTPClientLimits, name: String) throws(HTTPTransportError) {
        guard Self.libraryIsReady, let multi = curl_multi_init() else {
            throw HTTPTransportError(.resourceExhausted, target: name, detail: "libcurl cannot be set up")
        }
        self.multi = multi
        self.connections = max(1, connections)
        self.limits = limits
        capacity = self.connections + max(0, limits.waitingRequests)
        // The loop starts no more transfers than this, so with the cache it never holds more connections.
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, self.connections)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let loop = Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue()
                var driver = TransferDriver(loop: loop)
                driver.run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard code == 0 else {
            Unmanaged.passUnretained(self).release()
            curl_multi_cleanup(multi)
            throw HTTPTransportError(.resourceExhausted, target: name, detail: "no thread: error \(code)")
        }
        inbox.withLock { $0.thread = thread }
    }

    /// The global set-up is needed once per process and stays for its life; a Swift static runs it exactly once.
    private static let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    var load: Load { inbox.withLock { $0.load } }

    /// Hands over a transfer whose `delivery` is set. A refusal goes the same way as any other failure.
    func submit(_ transfer: Transfer) {
        let refusal = inbox.withLock { inbox -> HTTPTransportError.Code? in
            guard inbox.isOpen else { return .shutDown }
            guard inbox.load.outstanding < capacity else { return .queueFull }
            inbox.load.outstanding += 1
            enqueue(.start(transfer), in: &inbox)
            return nil
        }
        if let refusal { transfer.refuse(refusal) }
    }

    /// Ends a transfer; may come before `submit`, and after the end.
    func cancel(_ transfer: Transfer) {
        inbox.withLock { enqueue(.cancel(transfer), in: &$0) }
    }

    /// Lets a paused transfer read on.
    func resume(_ transfer: Transfer) {
        inbox.withLock { enqueue(.resume(transfer), in: &$0) }
    }

    /// Gives a running transfer another deadline.
    func setDeadline(of transfer: Transfer, at deadline: ContinuousClock.Instant) {
        inbox.withLock { enqueue(.setDeadline(transfer, at: deadline), in: &$0) }
    }

    private func enqueue(_ command: Command, in inbox: inout Inbox) {
        guard inbox.isOpen else { return }
        inbox.commands.append(command)
        // With a command already queued, the thread has been woken and has not read the queue yet.
        if inbox.commands.count == 1 { curl_multi_wakeup(multi) }
    }
}

// Ending.
extension TransferLoop {
    /// Ends every transfer with `shutDown`, lets the thread end, and waits for that. Repeated calls have no effect.
    func close() async {
        await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
            let alreadyEnded = inbox.withLock { inbox -> Bool in
                if !inbox.hasEnded { inbox.closeWaiters.append(waiter) }
                closeInbox(&inbox)
                return inbox.hasEnded
            }
            if alreadyEnded { waiter.resume() }
        }
        // The thread has nothing left to do but return, so joining it does not block.
        if let thread = inbox.withLock({ $0.takeThread() }) { pthread_join(thread, nil) }
    }

    /// As `close`, without waiting: for an owner that goes away without having closed.
    func abandon() {
        let thread = inbox.withLock { inbox -> pthread_t? in
            closeInbox(&inbox)
            return inbox.takeThread()
        }
        if let thread { pthread_detach(thread) }
    }

    private func closeInbox(_ inbox: inout Inbox) {
        guard inbox.isOpen else { return }
        inbox.isOpen = false
        curl_multi_wakeup(multi)
    }
}

extension TransferLoop.Inbox {
    fileprivate mutating func takeThread() -> pthread_t? {
        defer { thread = nil }
        return thread
    }
}

// What the thread itself calls.
extension TransferLoop {
    /// The commands since the last call, and whether more may come.
    func takeCommands(active: Int) -> (commands: [Command], isOpen: Bool) {
        inbox.withLock { inbox in
            inbox.load.active = active
            defer { inbox.commands = [] }
            return (inbox.commands, inbox.isOpen)
        }
    }

    func transferEnded() {
        inbox.withLock { $0.load.outstanding -= 1 }
    }

    func threadEnded() {
        let waiters = inbox.withLock { inbox -> [CheckedContinuation<Void, Never>] in
            inbox.hasEnded = true
            defer { inbox.closeWaiters = [] }
            return inbox.closeWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

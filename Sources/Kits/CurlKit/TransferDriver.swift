import CCurl
import Glibc

/// The state of a loop's thread: waiting and running transfers, and their deadlines.
struct TransferDriver {
    /// How long the thread sleeps when nothing is due. Any command ends the sleep.
    private static let longestSleepMilliseconds: Int32 = 60_000
    /// How long it sleeps after libcurl failed to wait for sockets, so that it does not spin.
    private static let sleepAfterFailureMicroseconds: UInt32 = 10_000

    private let loop: TransferLoop
    private var waiting: [Transfer] = []
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]
    private var spareHandles: [CurlEasyHandle] = []
    /// No deadline lies before this instant.
    private var nextDeadline: ContinuousClock.Instant?

    init(loop: TransferLoop) {
        self.loop = loop
    }

    mutating func run() {
        blockSignals()
        while true {
            let (commands, isOpen) = loop.takeCommands(active: active.count)
            for command in commands { obey(command) }
            guard isOpen else { break }
            startWaiting()
            if !perform() { failAll(.library, detail: "libcurl's multi handle failed") }
            expire()
            if !waiting.isEmpty, active.count < loop.connections { continue }
            sleep()
        }
        failAll(.shutDown)
        spareHandles = []
        curl_multi_cleanup(loop.multi)
        loop.threadEnded()
    }

    /// Signals are for the program's own threads; a broken pipe is an error code here.
    private func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
    }

    private mutating func obey(_ command: TransferLoop.Command) {
        switch command {
        case .start(let transfer):
            if transfer.isCancelled { return finish(transfer, .cancelled) }
            transfer.phase = .waiting
            schedule(transfer, (ContinuousClock.now + loop.limits.queueTimeout, .queueTimedOut))
            waiting.append(transfer)
        case .cancel(let transfer):
            transfer.isCancelled = true
            if transfer.phase == .waiting || transfer.phase == .active { finish(transfer, .cancelled) }
        case .setDeadline(let transfer, let deadline):
            if transfer.phase == .active { schedule(transfer, (deadline, .timedOut)) }
        case .resume(let transfer):
            guard transfer.phase == .active, let handle = transfer.handle else { return }
            // Delivers what libcurl has buffered at once, so it can fail like any delivery.
            let result = curl_easy_pause(handle.pointer, CURLPAUSE_RECV_CONT)
            if result != CURLE_OK { finish(transfer, .failure(failure(of: transfer, handle, result))) }
        }
    }

    private mutating func startWaiting() {
        while active.count < loop.connections, !waiting.isEmpty {
            let transfer = waiting.removeFirst()
            guard let handle = spareHandles.popLast() ?? CurlEasyHandle(), handle.prepare(for: transfer) else {
                finish(transfer, .resourceExhausted, detail: "libcurl has no handle")
                continue
            }
            transfer.handle = handle
            transfer.begin(at: ContinuousClock.now)
            schedule(transfer, transfer.deadline)
            active[handle.pointer] = transfer
            guard curl_multi_add_handle(loop.multi, handle.pointer) == CURLM_OK else {
                finish(transfer, .library, detail: "the transfer could not be added")
                continue
            }
        }
    }

    /// Moves every transfer on as far as it goes, and reaps the ones that are done.
    private mutating func perform() -> Bool {
        var running: Int32 = 0
        guard curl_multi_perform(loop.multi, &running) == CURLM_OK else { return false }
        var left: Int32 = 0
        while let message = curl_multi_info_read(loop.multi, &left)?.pointee {
            guard message.msg == CURLMSG_DONE, let pointer = message.easy_handle, let transfer = active[pointer],
                let handle = transfer.handle
            else { continue }
            let result = message.data.result
            finish(transfer, result == CURLE_OK ? .success(()) : .failure(failure(of: transfer, handle, result)))
        }
        return true
    }

    /// Our own reason for ending the transfer, if there is one, and else libcurl's.
    private func failure(
        of transfer: Transfer, _ handle: CurlEasyHandle, _ result: CURLcode
    ) -> HTTPTransportError {
        if let failure = transfer.failure { return failure }
        if result == CURLE_COULDNT_CONNECT, transfer.isAddressRefused { return transfer.error(.addressRefused) }
        let (code, detail) = handle.failure(result)
        return transfer.error(code, detail)
    }

    private mutating func expire() {
        let now = ContinuousClock.now
        guard let next = nextDeadline, next <= now else { return }
        let all = waiting + active.values
        for transfer in all {
            if let deadline = transfer.deadline, deadline.at <= now { finish(transfer, deadline.code) }
        }
        nextDeadline = all.lazy.filter { $0.phase != .finished }.compactMap { $0.deadline?.at }.min()
    }

    private mutating func schedule(
        _ transfer: Transfer, _ deadline: (at: ContinuousClock.Instant, code: HTTPTransportError.Code)?
    ) {
        transfer.deadline = deadline
        if let deadline { nextDeadline = min(nextDeadline ?? deadline.at, deadline.at) }
    }

    private func sleep() {
        var milliseconds = Self.longestSleepMilliseconds
        if let nextDeadline {
            let left = ContinuousClock.now.duration(to: nextDeadline) / .milliseconds(1)
            milliseconds = Int32(max(0, min(left.rounded(.up), Double(milliseconds))))
        }
        var ready: Int32 = 0
        if curl_multi_poll(loop.multi, nil, 0, milliseconds, &ready) != CURLM_OK {
            usleep(Self.sleepAfterFailureMicroseconds)
        }
    }

    private mutating func failAll(_ code: HTTPTransportError.Code, detail: String = "") {
        for transfer in waiting + active.values { finish(transfer, code, detail: detail) }
    }

    private mutating func finish(_ transfer: Transfer, _ code: HTTPTransportError.Code, detail: String = "") {
        finish(transfer, .failure(transfer.error(code, detail)))
    }

    private mutating func finish(_ transfer: Transfer, _ outcome: Result<Void, HTTPTransportError>) {
        if transfer.phase == .waiting { waiting.removeAll { $0 === transfer } }
        if let handle = transfer.handle {
            // Taking an unfinished transfer out closes its connection.
            curl_multi_remove_handle(loop.multi, handle.pointer)
            active[handle.pointer] = nil
            handle.reset()
            if spareHandles.count < loop.connections { spareHandles.append(handle) }
        }
        loop.transferEnded()
        transfer.finish(outcome)
    }
}

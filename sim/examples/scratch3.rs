use ringlet_core::{pool::*, entropy::*, id::*, phone::*, time::*};
fn main() {
    let mut rnd = ringlet_sim::random::Random::new(3);
    let nums = (0..100u64).map(|i| NumberConfig::dynamic(E164::parse(&(74950000000+i).to_string()).unwrap())).collect();
    let far = Millis(400*86400000);
    let mut p = Pool::new(PoolConfig{numbers: nums, policy: Policy::fixed(Millis(900_000)), times: Times{silence_ms: far, provisional_ms: far, tab_open_ms: far, ..Times::default()}, ..Default::default()});
    let mut e = Entropy::from_seed(1);
    let mut now = 1_700_000_000_000u64;
    let (mut n, mut d) = (0,0);
    let mut sum=0.0; let mut k=0;
    for i in 0..40000u128 {
        now += (rnd.exponential(900.0/104.2)*1000.0) as u64;
        let r = p.handle_input(Input::Acquire(Acquire::of(VisitorId(i+1), VisitId(i+1))), UnixMillis(now), &mut e);
        while p.poll_output().is_some() {}
        n+=1; 
        if i%40==0 { if let Reply::Granted(g)=&r { let m = CallMark{number:g.number, call: CallId(i+1)};
          p.handle_input(Input::CallStarted(m), UnixMillis(now), &mut e); 
          p.handle_input(Input::CallEnded(m), UnixMillis(now), &mut e); 
          while p.poll_output().is_some() {}
        } }
        match r { Reply::Granted(g) => { p.handle_input(Input::Idle(Sign::of(g.lease,g.generation)), UnixMillis(now), &mut e);  p.handle_input(Input::Leave(Sign::of(g.lease,g.generation)), UnixMillis(now), &mut e); }, _ => d+=1 }
        if i%500==0 { let leased = p.numbers().filter(|v| !matches!(v.state, NumberState::Free)).count(); sum+=leased as f64; k+=1; 
          let over = p.numbers().filter(|v| v.holder.as_ref().is_some_and(|h| h.leased && now - h.granted_at.0 > 900_000)).count(); if over>0 && i<3000 {println!("over {over}");} }
    }
    println!("{} {}", d as f64/n as f64, sum/k as f64);
}

use ringlet_sim::{drive::*, rules::*, scenario::*, run::*, teach::*, workload::*};
fn main() {
    let s = &Scenario::all()[1];
    let h = s.history(102);
    let t0 = std::time::Instant::now();
    let c = teach(&s.taught, 200_000, 9001);
    eprintln!("teach {:?} {}", t0.elapsed(), TAUGHT_SEED);
    for r in Rule::quick() { if !std::env::args().any(|a| a==r.id) {continue}
      for n in [50usize,100,200,400] {
        let t = std::time::Instant::now();
        let o = Drive{rule:&r,numbers:n,taught:Some(&c),from_ms:DAY_MS}.run(&h);
        println!("{} {n} {:?} R {:?} def {:.3}", r.title, t.elapsed(), o.tallies.iter().map(|t| t.right_share()).collect::<Vec<_>>(), o.default_share());
      } }
}

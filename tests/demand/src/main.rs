mod data;
use shared::demand::*;
use shared::lead_time::Level;
fn main() -> anyhow::Result<()> {
    let [dev, _] = data::halves()?;
    let l = Level::new(90)?;
    let six = Horizon::of_periods(6.0)?;
    println!("pin cov pinMid covMid rmse | sum pin cov mid covmid rmse bias");
    let mut sums=[0.0;11];
    for o in [27usize,33,39,45] {
        let t=std::time::Instant::now();
        let hs: Vec<Vec<Period>> = dev.series.iter().map(|s| s.known(o)).collect();
        let pool = Pool::learn(&hs, Some(Season::MONTHS));
        let t1=t.elapsed(); 
        let mut r=[0.0f64;12];
        let pin=|q:f64,y:f64| (0.9*(y-q)).max(-0.1*(y-q));
        let (mut fsum,mut asum)=(0.0,0.0);
        let n=dev.series.len() as f64;
        for (s,h) in dev.series.iter().zip(&hs) {
            let f = pool.forecast(h);
            let d1=f.over(Horizon::ONE); let d6=f.over(six);
            let (q,qm)=(f64::from(d1.quantile(l).units()),f64::from(d1.mid_quantile(l).units()));
            let (q6,qm6)=(f64::from(d6.quantile(l).units()),f64::from(d6.mid_quantile(l).units()));
            let m=d1.mean(); let m6=d6.mean();
            let sum:u32=s.units[o..o+6].iter().sum(); let sum=f64::from(sum);
            for y in &s.units[o..o+6] { let y=f64::from(*y);
                r[0]+=pin(q,y)/6.0/n; r[1]+=f64::from(u8::from(y<=q))/6.0/n; r[2]+=pin(qm,y)/6.0/n; r[3]+=f64::from(u8::from(y<=qm))/6.0/n; r[4]+=(y-m).powi(2)/6.0/n; }
            r[5]+=pin(q6,sum)/n; r[6]+=f64::from(u8::from(sum<=q6))/n; r[7]+=pin(qm6,sum)/n; r[8]+=f64::from(u8::from(sum<=qm6))/n; r[9]+=(sum-m6).powi(2)/n;
            fsum+=m6; asum+=sum;
        }
        r[4]=r[4].sqrt(); r[9]=r[9].sqrt(); r[10]=asum/fsum;
        let dt=t.elapsed();
        println!("{o} {} drift {:.3} learn {:?} all {:?} per s {:.0}", r[..11].iter().map(|x| format!("{x:.4}")).collect::<Vec<_>>().join(" "), pool.drift(), t1, dt, n/dt.as_secs_f64());
        if o>27 { for i in 0..11 { sums[i]+=r[i]/3.0; } }
        if std::env::var("B").is_ok() { println!("{pool:?}"); }
    }
    println!("avg {}", sums.iter().map(|x| format!("{x:.4}")).collect::<Vec<_>>().join(" "));
    Ok(())
}

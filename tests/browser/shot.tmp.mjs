import { chromium } from 'playwright-core';
import { serve } from './server.mjs';
const s = await serve('/tmp/site');
const b = await chromium.launch({ executablePath:'/usr/bin/chromium', args:['--headless','--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync'] });
for (const [name, opt, text] of [['light',{viewport:{width:1100,height:900}},'all-good'],['dark',{viewport:{width:1100,height:900},colorScheme:'dark'},'{}'],['narrow',{viewport:{width:320,height:700}},'not-verified'],['open',{viewport:{width:800,height:900}},'could-not']]) {
  const c = await b.newContext(opt); const p = await c.newPage();
  p.on('console', m=>console.log(name, m.type(), m.text())); p.on('pageerror', e=>console.log(name,'ERR',e.message));
  await p.goto(s.url);
  if (name==='light') await p.screenshot({path:`/tmp/shots/empty.png`});
  await p.setInputFiles('#choose-passport', {name:'model.passport.json', mimeType:'application/json', buffer:Buffer.from(text)});
  await p.setInputFiles('#choose-files', {name:'model.onnx', mimeType:'application/octet-stream', buffer:Buffer.alloc(5000)});
  await p.waitForSelector('#verdict'); await p.waitForTimeout(300);
  await p.screenshot({path:`/tmp/shots/${name}.png`, fullPage:true});
  console.log(name, await p.evaluate(()=>[document.documentElement.scrollWidth, innerWidth]));
  await c.close();
}
await b.close(); await s.close();
